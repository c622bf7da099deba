"""Whole pictures made of patches of another one: nearest-neighbour fields, votes, and both in turn over scales."""
