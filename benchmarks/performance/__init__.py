"""The figures of docs/performance.md: taken, kept and written by `python -m benchmarks.performance`.

`figures` takes the table of figures, `growth` cost against parties, count, latency and bandwidth, `page` only writes
the page and its plots again from `results.json`. `benchmarks.compare_mpyc` adds its table to the same file and page.
"""
