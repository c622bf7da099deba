"""The door of the metrics: sorted, complete, light; a name is the function, whichever was imported first."""

import inspect
import re
import subprocess
import sys

import pytest

from facts import mentions
from selfmend import metrics


def test_all_is_sorted_and_every_name_is_a_described_function() -> None:
    assert metrics.__all__ == sorted(metrics.__all__)
    assert dir(metrics) == metrics.__all__
    for name in metrics.__all__:
        function = getattr(metrics, name)
        assert inspect.isfunction(function), name
        assert function.__name__ == name
        said = inspect.getdoc(function)
        assert said, name
        source = sys.modules[function.__module__].__doc__ or ""
        assert ">>>" in said or re.search(r"\b(19|20)\d\d\b|measure of this project", source), name
    with pytest.raises(AttributeError, match=mentions("'selfmend.metrics'", "'psmr'")):
        metrics.psmr  # noqa: B018


def test_it_is_light_and_files_do_not_hide_their_metrics() -> None:
    code = """
import sys
import selfmend.metrics as metrics
print(sorted({"torch", "scipy", "skimage", "numba"} & set(sys.modules)))
from selfmend.metrics import lpips
import selfmend.metrics.lpips
print(metrics.lpips is lpips)
from selfmend.metrics.niqe import niqe  # the file first
print(metrics.niqe is niqe)
import selfmend.metrics.saliency
from selfmend.metrics import saliency
print(saliency.__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "True", "True", "saliency"], done.stderr
