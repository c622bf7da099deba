"""The GIMP plug-in: in GIMP where there is one, else what can be seen without it."""

import ast
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

import install

SOURCE = install.HERE / "gimp/selfmend/selfmend.py"
CHECK = Path(__file__).with_name("in_gimp.py")
GIMP = next(filter(None, map(shutil.which, ("gimp-console-3.2", "gimp-console-3.0", "gimp-console-3"))), None)


def constant(name):
    """The value of a constant of the plug-in, which cannot be imported outside GIMP."""
    for node in ast.parse(SOURCE.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise AssertionError(name)


def test_methods_are_some_of_the_server(client):
    answer = client.methods()
    assert set(constant("METHODS")) <= {method["name"] for method in answer["methods"]}
    assert answer["default"] in constant("METHODS")


def test_gimp_can_run_it():
    """Its folder has its name, the first line says what runs it."""
    assert SOURCE.parent.name == SOURCE.stem
    assert SOURCE.read_text().startswith("#!/usr/bin/env python3\n")


@pytest.fixture(scope="module")
def said(server, photo, tmp_path_factory):
    """What the plug-in did in a GIMP of its own settings, and the folder with its pictures."""
    folder = tmp_path_factory.mktemp("gimp")
    PILImage.fromarray(photo).save(folder / "photo.png")
    install.install("gimp", folder / "settings/plug-ins")
    (folder / "settings/gimprc").write_text(
        f'(plug-in-path "${{gimp_plug_in_dir}}/plug-ins:{folder}/settings/plug-ins")\n'
    )
    own = {"GIMP3_DIRECTORY": f"{folder}/settings", "SELFMEND_TEST_FOLDER": str(folder)}
    command = [GIMP, "--no-interface", "--no-data", "--no-fonts", "--batch-interpreter=python-fu-eval"]
    code = f"exec(open({str(folder / CHECK.name)!r}).read())"
    shutil.copy(CHECK, folder)
    outcome = subprocess.run(
        [*command, "-b", code, "--quit"], env={**os.environ, **own, "SELFMEND_TEST_SERVER": server.address},
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert (folder / "said.json").is_file(), outcome.stderr
    found = json.loads((folder / "said.json").read_text())
    assert "traceback" not in found, found["traceback"]
    return found, folder


@pytest.mark.skipif(GIMP is None, reason="GIMP 3 is not installed")
def test_in_gimp(said, server, photo, hole):
    found, folder = said
    assert found["nothing selected"] == "nothing is selected; select what is to be filled"
    assert found["fill"] == ""
    assert found["selection stays"]
    assert found["layers"] == ["photo mended", "photo"]
    assert found["selected"] == ["photo mended"]
    assert found["channels"] == 0
    assert server.runner.submitted[0].settings == {"method": "telea", "seed": 5}
    changed = (np.array(PILImage.open(folder / "filled.png").convert("RGB")) != photo).any(axis=2)
    grown = np.zeros_like(changed)
    grown[18:32, 38:54] = True
    assert not changed[~grown].any()
    assert changed[hole > 0].mean() > 0.9
    assert changed[18:20, 40:52].any()


@pytest.mark.skipif(GIMP is None, reason="GIMP 3 is not installed")
def test_layers_that_lie_elsewhere_in_gimp(said, photo):
    found, folder = said
    assert found["group"] == "select one layer that is no group"
    assert not found["edits the mask"]
    assert found["mask"] == ""
    assert found["layers of the mask"] == ["photo mended mended", "photo mended", "photo"]
    assert found["outside"] == "the selection lies outside the selected layer"
    assert found["moved"] == found["grey float"] == ""
    assert found["moved to"] == [30, -5, photo.shape[1], photo.shape[0]]
    moved = np.array(PILImage.open(folder / "moved.png").convert("RGB"))
    kept = photo[5:, : photo.shape[1] - 30]
    changed = (moved[: kept.shape[0], 30:] != kept).any(axis=2)
    inside = np.zeros_like(changed)
    inside[20:30, 10:22] = True  # the selection, seen from the layer
    assert not changed[~inside].any()
    assert changed[inside].mean() > 0.9
