"""What all tests share: one thread for PyTorch and NumPy, since several run at once; and the suite without PyTorch."""

import os
import sys
from pathlib import Path

WITHOUT_TORCH = bool(os.environ.get("SELFMEND_WITHOUT_TORCH"))
"""Whether importing PyTorch shall fail, as where it is not installed; tests that need it are left out."""

os.environ["SELFMEND_CONFIG"] = "none"  # what a developer has set must not change what is tested
# before NumPy is loaded: where others use the cores, its threads wait for each other by asking, five times slower
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if WITHOUT_TORCH:
    sys.modules["torch"] = None  # type: ignore[assignment]
    NEEDS = ("torch", "singan", "learner", "folder_", "golden")
    collect_ignore = [
        str(file)
        for file in Path(__file__).parent.rglob("test_*.py")
        if any(word in file.read_text() for word in NEEDS)
    ]
else:
    import torch

    torch.set_num_threads(1)
