"""What all tests share: tiny networks on small pictures run faster on one thread, and alike on every machine."""

import torch

torch.set_num_threads(1)
