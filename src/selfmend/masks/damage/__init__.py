"""Damage of old photos: found in a picture, and drawn over a clean one with its exact mask."""
