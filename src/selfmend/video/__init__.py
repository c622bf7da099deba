"""Clips in and out, frame by frame: reading, filling in order, writing; nothing holds more than a few frames."""
