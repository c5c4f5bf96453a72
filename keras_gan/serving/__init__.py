"""What makes a trained generator ready to serve."""
