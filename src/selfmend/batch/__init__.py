"""Many pictures: which ones, with which masks, on how many processes or machines, and what became of each."""
