"""Training: stages, the one loop that runs them, and checkpoints. Knows no net, no loss and no method."""
