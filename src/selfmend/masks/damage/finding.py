"""The finders of damage: scratches, dust, stains, and all of it."""

from __future__ import annotations

import numpy as np

from selfmend.image.color import as_rgb
from selfmend.masks.damage.morphology import lines, spots
from selfmend.masks.finders import Region, in_region
from selfmend.types import Image, Mask

_AROUND = 64  # pixels around a region that are looked at with it


def find_scratches(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """Scratches, hairs, cracks, folds and creases; a `masks.finders.Find`."""
    return in_region(image, region, lambda part: lines(as_rgb(part), sensitivity=sensitivity), around=_AROUND)


def find_dust(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """Dust, specks and spots of both polarities; a `masks.finders.Find`."""
    return in_region(image, region, lambda part: spots(as_rgb(part), sensitivity=sensitivity), around=_AROUND)


def find_stains(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """Stains and blotches; a `masks.finders.Find`."""
    return in_region(image, region, lambda part: np.zeros(part.shape[:2], bool), around=_AROUND)


def find_damage(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """All damage; a `masks.finders.Find`."""
    how = {"sensitivity": sensitivity, "region": region}
    return np.any([find(image, **how) for find in (find_scratches, find_dust, find_stains)], 0)  # type: ignore[arg-type]
