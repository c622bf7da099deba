"""A child that is forked after its parent has mended can mend too: no thread pool of the parent is waited for."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest

CODE = """
import os, signal, sys
import numpy as np
{imports}

image = np.random.default_rng(0).random((90, 120, 3), dtype=np.float32)
mask = np.zeros((90, 120), bool)
mask[25:70, 30:90] = True
made = fill(image, mask)
child = os.fork()
if child == 0:
    signal.alarm(60)  # the default action ends a child that waits for ever
    os._exit(0 if np.array_equal(fill(image, mask), made) else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
INITIALISATION = (
    "from selfmend.methods.hole_init import get_initialisation\n"
    "def fill(image, mask): return get_initialisation({name!r})(image, mask, seed=0)"
)
FILLS = {name: INITIALISATION.format(name=name) for name in ("telea", "navier-stokes", "biharmonic", "patchmatch")} | {
    "gpnn": (
        "from selfmend.patches.synthesis import SynthesisSettings, exemplar_levels, synthesize\n"
        "def fill(image, mask):\n"
        "    parts = [synthesize(image, exemplar_levels([image], [mask]), [(90, 120)], seed=0,\n"
        "                        settings=SynthesisSettings(first_iterations=1, exact_pairs=pairs))\n"
        "             for pairs in (10**9, 0)]\n"
        "    return np.stack(parts)"
    )
}


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")
@pytest.mark.parametrize("name", FILLS)
def test_a_forked_child_mends(name: str) -> None:
    code = CODE.format(imports=FILLS[name])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
