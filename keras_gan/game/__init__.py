"""The base of all systems: players, contests, functions, and the training step."""
