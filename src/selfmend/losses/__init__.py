"""Losses: plain functions of tensors; with a mask they look at valid positions only."""
