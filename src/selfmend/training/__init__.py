"""The training loop and what it needs: stages, checkpoints, devices, batches of a folder."""
