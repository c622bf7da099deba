"""`selfmend expand`."""

import json

import numpy as np
from PIL import Image as PILImage

STRIPES = np.tile(np.uint8([0, 0, 255, 255]), (24, 9))


def test_the_command_writes_the_larger_picture(run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    PILImage.fromarray(STRIPES).save("photo.png")
    done = run("expand", "photo.png", "--right", "12", "--method", "telea", "-o", "wide.png", "--json")
    assert done.code == 0
    assert json.loads(done.out)["outputs"] == ["wide.png"]
    assert PILImage.open("wide.png").size == (48, 24)
    assert "25% of the result is new" in done.err
