"""What the commands do, apart from their flags on the command line."""
