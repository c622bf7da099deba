"""Device names: the ones that exist here, and what is said about others."""

import pytest
import torch

from facts import mentions
from selfmend.errors import OptionError
from selfmend.training.devices import resolve_device


def test_devices_of_this_machine():
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")
    assert resolve_device("auto").type in ("cpu", "cuda", "mps")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu", "unknown device 'gpu'; .*Known: auto, cpu, cuda, mps"),
        ("", "unknown device ''"),
        ("cuda:x", "device 'cuda:x' has no number after the colon"),
        ("cuda:", "device 'cuda:' has no number after the colon"),
        ("auto:0", "has no number after the colon; cuda:0 fits"),
    ],
)
def test_names_that_are_none(name, message):
    with pytest.raises(OptionError, match=message):
        resolve_device(name)


def test_devices_that_are_not_here(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match=mentions("'cuda'", "--device")):
        resolve_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert resolve_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(OptionError, match=mentions("'cuda:7'", "1")):
        resolve_device("cuda:7")
