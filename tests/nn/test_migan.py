"""MI-GAN's generator against the authors' code."""

import numpy as np
import pytest
import torch

from golden import DATA, assert_golden, input_by_rule, load_golden, outside
from selfmend.nn.migan import MiganGenerator


@pytest.mark.parametrize(("size", "parameters"), [(256, 5_865_505), (512, 5_893_158)])
def test_it_gives_the_numbers_of_the_authors_code(size: int, parameters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (DATA / f"migan_generator_{size}.npz").exists():
        monkeypatch.setattr("golden.DATA", outside("golden"))
    arrays, state = load_golden(f"migan_generator_{size}")
    net = MiganGenerator.of_state(state).eval()
    constants = {key: value for key, value in net.state_dict().items() if ".filter" in key}
    net.load_state_dict(state | constants)
    assert sum(p.numel() for p in net.parameters() if p.requires_grad) == parameters
    valid = torch.ones(1, 1, size, size)
    for top, left, height, width in ((60, 50, 90, 80), (180, 10, 40, 200)):
        valid[:, :, top : top + height, left : left + width] = 0
    with torch.no_grad():
        out = net(torch.cat([valid - 0.5, input_by_rule(37, (1, 3, size, size)) * valid], 1))
    assert_golden(out[:, :, ::4, ::4], arrays["output"])
    np.testing.assert_allclose([float(out.mean()), float(out.std())], arrays["mean_std"], rtol=1e-4)
