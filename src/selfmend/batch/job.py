"""What is to be done with every picture, as it travels to the workers. Nothing heavy is imported before they begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfmend.batch.task import Mend


@dataclass(frozen=True, kw_only=True)
class Job:
    """How holes are filled; the fields are as in `selfmend.inpaint`."""

    method: str = "patchmatch"
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str | Path | None = None
    device: str = "auto"
    grow_mask: int = 0
    invert_mask: bool = False

    def prepare(self) -> Mend:
        """Load the method, in the process that is to use it.

        Raises:
            SelfmendError: it cannot be loaded.
        """
        from selfmend.batch.mending import Mender

        return Mender(self)

    def describe(self) -> dict[str, Any]:
        """All that a result depends on beside the picture, the mask and the seed, as JSON.

        Raises:
            SelfmendError: what does not fit: method, options, model, device, or the number of pixels to grow by.
        """
        from selfmend.batch.mending import describe

        return describe(self)

    def at_once(self, cores: int) -> int:
        """How many pictures are best mended at once on a machine: one where what is learned lies on a graphics card.

        Raises:
            OptionError: an unknown method or device.
        """
        from selfmend.methods import method_class
        from selfmend.train.device import resolve_device

        if resolve_device(self.device).type == "cpu":
            return cores
        learned = self.model is not None or method_class(self.method).learns
        return 1 if learned else cores
