"""Each new thing is added in one place: toys, declared in a test and nowhere else."""
