"""Networks in PyTorch: layers, losses, one file a paper's networks, and the weights that are found for them."""
