"""From a box, a click or a rough stroke to the outline of an object, without a model.

GrabCut (Rother, Kolmogorov and Blake 2004, "GrabCut: interactive foreground extraction using iterated graph cuts",
OpenCV's implementation) tells object from ground by their colours and cuts along edges. It wants to know what may be
object: of a box all inside it, of a click or a stroke what can be reached from there without crossing an edge.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfmend.errors import MaskError, OptionError
from selfmend.image.resize import resize
from selfmend.masks.reading import box_mask
from selfmend.types import Image, Mask, Size, check_image, check_mask, size_of

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""
Point = tuple[int, int]
"""x and y in pixels, from the top left."""

_SIDE = 640  # pixels of the longer side at which the graph is cut
_ROUNDS = 5  # of GrabCut; its colours hardly change after
_CLICK = 0.012  # radius of a click, in shares of the longer side
_FAR = 0.45  # from a click or stroke to the farthest part of its object, in shares of the longer side
_HOLE = 0.02  # share of the object that a hole in it has at most to be closed


def select(
    image: Image,
    *,
    box: Box | None = None,
    points: Sequence[Point] = (),
    not_points: Sequence[Point] = (),
    stroke: Mask | None = None,
) -> Mask:
    """The object that was pointed at, as a mask up to its outline.

    Args:
        image: (H, W, 1 or 3) in [0, 1].
        box: all of the object is inside.
        points: on the object.
        not_points: not on the object.
        stroke: bool (H, W), drawn roughly over the object; what it covers is of the object.

    Returns:
        bool (H, W), True = object.

    Raises:
        OptionError: nothing was pointed at.
        MaskError: a box or a point outside of the picture, an empty stroke, or one of another size.
    """
    check_image(image)
    size = size_of(image)
    if box is None and not points and stroke is None:
        raise OptionError("nothing was pointed at; a box, points on the object or a stroke over it fit")
    hints = _hints(size, box, points, not_points, stroke)
    scale = min(1.0, _SIDE / max(size))
    at = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    small = np.rint(resize(np.broadcast_to(image, (*size, 3)).astype(np.float32), at).clip(0, 1) * 255).astype(np.uint8)
    inside, on, off = hints
    where = None if inside is None else _at_size(inside, at)
    found = _cut(np.ascontiguousarray(small), where, _at_size(on, at), _at_size(off, at))
    if at != size:
        found = resize(found.astype(np.float32), size) >= 0.5
    if inside is not None:
        found &= inside
    return (found | on) & ~off


def _hints(
    size: Size, box: Box | None, points: Sequence[Point], not_points: Sequence[Point], stroke: Mask | None
) -> tuple[Mask | None, Mask, Mask]:
    """What may be object (None: anything), what is, and what is not."""
    inside = None if box is None else box_mask(box, size)
    on, off = np.zeros(size, bool), np.zeros(size, bool)
    for which, marks in ((on, points), (off, not_points)):
        for x, y in marks:
            if not (0 <= x < size[1] and 0 <= y < size[0]):
                raise MaskError(f"point {x},{y} lies outside of the {size[1]} x {size[0]} picture")
            rows, columns = np.ogrid[: size[0], : size[1]]
            which |= (rows - y) ** 2 + (columns - x) ** 2 <= max(1.0, _CLICK * max(size)) ** 2
    if stroke is not None:
        check_mask(stroke, np.empty((*size, 1), np.float32), name="stroke")
        if not stroke.any():
            raise MaskError("the stroke is empty; white where it runs over the object fits")
        on |= stroke
    if inside is not None and on.any() and not (on & inside).any():
        raise MaskError("what was pointed at lies outside of the box; all of the object must be inside")
    return inside, on & ~off, off


def _at_size(hint: Mask, size: Size) -> Mask:
    """The hint at another size; the smallest mark stays."""
    if size_of(hint) == size:
        return hint
    reduced: Mask = resize(hint.astype(np.float32), size) >= 0.5
    if hint.any() and not reduced.any():
        row, column = (int(np.median(places)) for places in np.nonzero(hint))
        reduced[row * size[0] // hint.shape[0], column * size[1] // hint.shape[1]] = True
    return reduced


def _cut(picture: np.ndarray, inside: Mask | None, on: Mask, off: Mask) -> Mask:
    """The object in a picture, uint8 (H, W, 3)."""
    import cv2

    size = size_of(picture)
    maybe = np.ones(size, bool) if inside is None else inside.copy()
    likely = maybe
    if on.any():
        cost = _reached(picture, on)
        near = cv2.distanceTransform((~on).astype(np.uint8), cv2.DIST_L2, 5) <= _FAR * max(size)
        maybe &= near
        likely = maybe & (cost <= _threshold(cost[maybe & ~on])) if inside is None else maybe
    labels = np.full(size, cv2.GC_BGD, np.uint8)
    labels[maybe] = cv2.GC_PR_BGD
    labels[maybe & likely] = cv2.GC_PR_FGD
    labels[on] = cv2.GC_FGD
    labels[off] = cv2.GC_BGD
    known = (labels == cv2.GC_BGD) | (labels == cv2.GC_PR_BGD)
    if not known.any() or known.all():  # a picture that is all object, or none
        return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # GrabCut begins with clusters at random
    cv2.grabCut(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), labels, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return _tidy(found, on)


def _reached(picture: np.ndarray, start: Mask) -> np.ndarray:
    """How much colour changes on the way from the start to each pixel, at least."""
    import cv2
    from skimage.graph import MCP_Geometric

    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.COLOR_RGB2LAB).astype(np.float32)
    steps = [cv2.Sobel(lab, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]
    edges = np.sqrt(sum(step**2 for step in steps).max(2)) / 8
    mean = lab[start].mean(0)
    apart = np.sqrt(((lab - mean) ** 2).sum(2))
    cost, _ = MCP_Geometric(edges + 0.08 * apart + 0.5).find_costs(np.argwhere(start).tolist())
    return np.asarray(cost, np.float32)


def _threshold(costs: np.ndarray) -> float:
    """Otsu's: what parts the near from the far."""
    if not costs.size:
        return 0.0
    from skimage.filters import threshold_otsu

    return float(np.expm1(threshold_otsu(np.log1p(costs)))) if costs.min() < costs.max() else float(costs.max())


def _tidy(found: Mask, on: Mask) -> Mask:
    """The pieces that were pointed at, or the largest, without small holes and spikes."""
    import cv2

    if not found.any():
        return found
    smooth = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    found = (smooth | on) if smooth.any() else found
    count, pieces = cv2.connectedComponents(found.astype(np.uint8), connectivity=4)
    about = np.bincount(pieces.ravel(), minlength=count)
    about[0] = 0
    kept = np.zeros(count, bool)
    kept[np.unique(pieces[on])] = True
    if not on.any():
        kept = about >= max(about.max() * 0.1, 1)
    kept[0] = False
    found = kept[pieces]
    count, holes = cv2.connectedComponents((~found).astype(np.uint8), connectivity=4)
    small = np.bincount(holes.ravel(), minlength=count) <= _HOLE * found.sum()
    border = np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]))
    small[border] = False
    tidy: Mask = found | (small[holes] & ~found)
    return tidy
