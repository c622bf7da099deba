"""Pictures and masks as tensors, files and pyramids; nothing here knows a network or a method."""
