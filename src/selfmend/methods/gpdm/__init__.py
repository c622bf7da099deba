"""GPDM: new pictures, other shapes and filled holes by matching the distribution of patches, pixels as the unknowns.

Elnekave & Weiss, "Generating Natural Images with Direct Patch Distribution Matching", ECCV 2022. No network, no
training, no nearest neighbours.
"""

from selfmend.methods.gpdm.model import GPDM

__all__ = ["GPDM"]
