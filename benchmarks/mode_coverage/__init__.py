"""Mode coverage, by the protocols of the literature: python -m benchmarks.mode_coverage"""
