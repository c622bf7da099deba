"""Pictures mended and made of patches of themselves, without training; NumPy, OpenCV and compiled loops only.

    compiled.py      what the compiled loops share; whether something is being compiled
    scales.py        what patches are compared by, the sizes, and one `Scale`: sources, targets, confidences
    masked_field.py  matching: which known patch is most like one that sees the hole (PatchMatch)
    votes.py         voting: every hole pixel from the patches that cover it
    em.py            scale by scale from coarse to fine, matching and voting in turn
    smooth.py        a hole closed by a thin plate through what is known
    blend.py         low frequencies from several fills and the plate, detail from one
    inpaint.py       the public `inpaint` and its options
    field.py         the nearest-neighbour field of whole pictures, exact or by PatchMatch, and what is made of it
    synthesis.py     GPNN: a rough picture gets the patches of another one, from coarse to fine
    enlarge.py       enlarging by the picture's own examples

Arrays are float32 (H, W, C), masks bool (H, W), True = hole. References: Barnes et al., "PatchMatch", SIGGRAPH 2009;
Wexler, Shechtman, Irani, "Space-time completion of video", PAMI 2007; Newson, Almansa, Gousseau, Perez, "Non-local
patch-based image inpainting", IPOL 2017; Granot et al., "Drop the GAN", CVPR 2022.
"""
