"""The tools behind docs/performance.md: what they measure, keep and write. Nothing is asserted about speed."""
