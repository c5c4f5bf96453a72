"""Speed beside that of peers: `python -m benchmarks`; see RESULTS.md for what was measured."""
