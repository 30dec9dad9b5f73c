"""What has been asked for and not yet run, and the agreement of the parties on it."""
