"""Measuring: benchmarks of methods side by side, ablations of one option, and their reports."""
