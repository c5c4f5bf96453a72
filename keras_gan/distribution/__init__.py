"""Training on many devices and machines."""
