"""Metrics: one a file, plain functions of pictures; each says its range and what it does not see."""
