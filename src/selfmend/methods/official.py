"""Trained methods from the checkpoints of the authors' codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from selfmend.errors import OptionError, WeightsError
from selfmend.methods.adversarial import AdversarialMethod
from selfmend.methods.registry import METHODS, method_class
from selfmend.nn.weights import load_official, read_official, recognize


def from_official(method: str, files: Sequence[Path], options: Mapping[str, Any] | None = None) -> AdversarialMethod:
    """A method that fills with published weights.

    Args:
        method: name of a method whose authors' code writes such files.
        files: one for each of its generators, in any order.
        options: changes to the config; what the weights' shapes say (blocks, bottleneck, ...) is read off them.

    Raises:
        OptionError: a method of which there are no such files, or an option that does not fit.
        WeightsError: a file that cannot be read or is not whole, that holds another network (it is named), or that is
            one too many; or one is missing.
    """
    kind = method_class(method)
    if not (issubclass(kind, AdversarialMethod) and kind.official):
        able = ", ".join(n for n in METHODS if getattr(method_class(n), "official", None))
        raise OptionError(f"{method} has no checkpoints of its authors to import; these have: {able}")
    states, places = _sorted_states(kind, files)
    made = kind.from_options(None, {**kind.official_options(states), **(options or {})})
    generators = made.new_generators()
    for name, net in generators.items():
        load_official(net, states[name], name=kind.official[name], where=places[name])
    made.load_state_dict({name: net.state_dict() for name, net in generators.items()})
    made.fitted = True
    return made


def _sorted_states(
    kind: type[AdversarialMethod], files: Sequence[Path]
) -> tuple[dict[str, dict[str, Tensor]], dict[str, str]]:
    """The state dict of each generator by its name, and the file that it came from."""
    names = {title: name for name, title in kind.official.items()}
    states: dict[str, dict[str, Tensor]] = {}
    places: dict[str, str] = {}
    for file in files:
        state = read_official(file)
        title = recognize(state)
        if title not in names:
            verb = "fit" if len(names) > 1 else "fits"
            raise WeightsError(f"{file} holds {title or 'no network that we know'}; {' and '.join(names)} {verb}")
        if names[title] in states:
            raise WeightsError(f"{file} holds {title}, as {places[names[title]]} does; one of them fits")
        states[names[title]], places[names[title]] = state, str(file)
    for title, name in names.items():
        if name not in states:
            raise WeightsError(f"{title} is missing; give its file too")
    return states, places
