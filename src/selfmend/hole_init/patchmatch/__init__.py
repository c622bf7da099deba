"""Exemplar filling without training: PatchMatch inside an EM over scales, from the picture's own patches.

    fill.py      the public function: checks, working window, scale by scale from coarse to fine
    options.py   every number that can be turned, with unit and source
    scales.py    the sizes, and one `Scale`: its sources, its targets, its confidences
    features.py  what a patch is compared by: colours and texture features
    field.py     M-step of the field: PatchMatch (propagation and random search)
    votes.py     M-step of the picture: every hole pixel from the patches that cover it
    start.py     the first guess at the coarsest scale

References: Barnes et al., "PatchMatch", SIGGRAPH 2009; Wexler, Shechtman, Irani, "Space-time completion of video",
PAMI 2007; Newson, Almansa, Gousseau, Perez, "Non-local patch-based image inpainting", IPOL 2017.
"""

from selfmend.hole_init.patchmatch.fill import fill
from selfmend.hole_init.patchmatch.options import PatchMatchOptions

__all__ = ["PatchMatchOptions", "fill"]
