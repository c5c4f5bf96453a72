"""A run on disk: its configuration, directory, checkpoints, lock and reports."""
