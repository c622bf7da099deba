"""Masks: reading one, and making one of what is in the picture or at random."""
