"""What benchmarks measure with: clusters of processes on this machine, meters, slow lines, tasks."""
