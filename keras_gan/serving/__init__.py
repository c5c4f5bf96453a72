"""From a trained model to files that serve its generator, checked against the model."""
