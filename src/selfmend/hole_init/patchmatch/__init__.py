"""Exemplar filling without training: PatchMatch inside an EM over scales, from the picture's own patches.

    fill.py      the public function: checks, the working window, tensors to arrays and back
    options.py   every number that can be turned, with unit and source
    features.py  what patches are compared by: colours and texture features
    em.py        scale by scale from coarse to fine, matching and voting in turn
    scales.py    the sizes, and one `Scale`: its sources, its targets, its confidences
    field.py     matching: the nearest-neighbour field (propagation and random search)
    votes.py     voting: every hole pixel from the patches that cover it
    start.py     the first guess at the coarsest scale
    guess.py     a guess from elsewhere instead, kept while detail is added
    threads.py   compiled loops on several threads, with the same result on any number

References: Barnes et al., "PatchMatch", SIGGRAPH 2009; Wexler, Shechtman, Irani, "Space-time completion of video",
PAMI 2007; Newson, Almansa, Gousseau, Perez, "Non-local patch-based image inpainting", IPOL 2017.
"""

from selfmend.hole_init.patchmatch.fill import fill
from selfmend.hole_init.patchmatch.options import PatchMatchOptions

__all__ = ["PatchMatchOptions", "fill"]
