"""Measurements that are run by hand, each as `python -m benchmarks.NAME` in the root of a checkout."""
