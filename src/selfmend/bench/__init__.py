"""Comparisons that train and measure: what a paper shows in a table, as a function."""
