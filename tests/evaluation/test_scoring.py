"""The scores of one result: every metric by its name, whole and hole."""

import numpy as np
import pytest

import lpips_files
from facts import mentions
from pictures import picture
from selfmend.errors import MissingWeightsError, OptionError, SelfmendWarning
from selfmend.evaluation.scoring import METRICS, base, meaning, scorer, shown
from selfmend.metrics.pixels import psnr
from selfmend.metrics.saliency import asvs, noticeability


@pytest.fixture
def result():
    truth, mask = picture()
    output = np.where(mask[..., None], np.float32(0.5), truth)
    output[0, 0] = (output[0, 0] + 0.5) % 1
    return output, truth, mask


@pytest.fixture
def no_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_scores_are_those_of_the_metrics(result) -> None:
    output, truth, mask = result
    found = scorer(["psnr", "asvs", "dn"], least_side=32)(output, truth, mask)
    models = ("itti-koch-niebur", "spectral-residual")
    named = [f"{metric}-{model}" for metric in ("asvs", "dn") for model in models]
    assert list(found) == ["psnr", "psnr-hole", *named, "known"]
    assert found["psnr-hole"] == pytest.approx(psnr(output, truth, mask=mask))
    for model in models:
        assert found[f"asvs-{model}"] == pytest.approx(asvs(output, mask, model=model))
        assert found[f"dn-{model}"] == pytest.approx(noticeability(output, truth, mask, model=model))


def test_changed_known_pixels_are_seen(result) -> None:
    output, truth, mask = result
    measure = scorer(["mae"], least_side=32)
    assert measure(output, truth, mask)["known"] == pytest.approx(0.5 / (37 * 53 - 130))
    assert measure(np.where(mask[..., None], output, truth), truth, mask)["known"] == 0


def test_lpips_is_left_out_only_where_nobody_asked_for_it(result, no_weights, tmp_path, monkeypatch) -> None:
    with pytest.warns(SelfmendWarning, match=mentions("LPIPS")):
        names = set(scorer(None, least_side=32)(*result))
    assert {base(name) for name in names} == {"psnr", "ssim", "mae", "asvs", "dn", "known"}
    with pytest.raises(MissingWeightsError, match="alexnet-owt"):
        scorer(["lpips"], least_side=32)
    with pytest.raises(MissingWeightsError, match="squeezenet1_1"):
        scorer(["lpips-squeeze"], least_side=32)
    lpips_files.publish(tmp_path, "squeeze", monkeypatch)
    found = scorer(["lpips-squeeze"], least_side=32)(*result)
    assert set(found) == {"lpips-squeeze", "lpips-squeeze-hole", "known"}


def test_every_metric_is_explained() -> None:
    for name in (
        *METRICS,
        "psnr-hole",
        "lpips-alex-hole",
        "asvs-itti-koch-niebur",
        "known",
        "seconds",
        "cpu",
        "memory",
    ):
        assert meaning(name)
    assert meaning("mae-hole").endswith("the hole alone")
    assert (shown("psnr-hole", 20.126), shown("memory", 99.7), shown("ssim", 0.91234)) == ("20.13", "100", "0.9123")


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["psnr", "sim"], "unknown metric 'sim'; did you mean 'ssim'?"),
        (["ssim", "ssim"], "metrics are ssim, ssim; different ones fit: psnr, ssim, mae"),
        ([], "metrics are none; different ones fit"),
    ],
)
def test_metrics_that_do_not_fit_are_refused(metrics, message) -> None:
    with pytest.raises(OptionError, match=message):
        scorer(metrics, least_side=32)
