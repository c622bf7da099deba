"""The papers' tables: all columns, what is missing said, what was published beside what was computed."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from facts import mentions
from folder_of_pictures import draw_folder
from owned_files import own_all
from selfmend.errors import OptionError
from selfmend.evaluation import paper_tables
from selfmend.evaluation.paper_tables import as_markdown, run_ablation_paper, run_paper
from selfmend.evaluation.papers import PAPERS
from selfmend.metrics.bootstrap import Interval

TINY = {"singan": "tiny", "zssr": "tiny", "deep-image-prior": "tiny"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "photos", count=2, size=(64, 72))


def keep(monkeypatch: pytest.MonkeyPatch, paper: str, *names: str, table: int = 0) -> None:
    """Only some columns of one table."""
    one = PAPERS[paper][table]
    few = dataclasses.replace(one, contenders=tuple(c for c in one.contenders if c.name in names))
    monkeypatch.setattr(paper_tables, "PAPERS", {**PAPERS, paper: (few,)})


def test_enlargements(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, "003", "SRGAN", "EDSR", "ZSSR", "bicubic")
    own_all(tmp_path / "weights", ("edsr",))
    (table,) = run_paper("003", tmp_path / "out", photos=[photos], presets=TINY)
    rows = {row.name: row for row in table.rows}
    assert mentions_in(rows["SRGAN"].missing, "not here", "netG_epoch_4_100.pth")
    assert rows["SRGAN"].mean == {"rmse": None, "niqe": None}
    assert rows["SRGAN"].published == {"rmse": "16.34", "niqe": "3.41"}
    assert all(rows[name].missing == "" for name in ("EDSR", "ZSSR", "bicubic"))
    assert rows["bicubic"].mean["rmse"] is not None
    low, high = rows["bicubic"].interval["rmse"] or (1, 0)
    assert low <= rows["bicubic"].mean["rmse"] <= high
    assert "niqe" in table.lacking
    assert json.loads((tmp_path / "out/tables.json").read_text())[0]["rows"][0]["name"] == "SRGAN"
    assert "| SRGAN | not here | 16.34 | not here | 3.41 |" in as_markdown(table)
    truth = np.asarray(PILImage.open(sorted(photos.iterdir())[0]).convert("RGB"), np.float32)
    made = np.asarray(PILImage.open(next((tmp_path / "out").glob("*-bicubic.png"))), np.float32)
    assert made.shape == truth.shape


def mentions_in(text: str, *words: str) -> bool:
    return all(word in text for word in words)


def test_a_reference_is_given_to_those_that_take_one(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(monkeypatch, "000", "CV", "SG")
    (photos / "1.png").unlink()
    (table,) = run_paper("000", tmp_path / "a", photos=[photos], presets=TINY)
    seen = tmp_path / "seen"
    seen.mkdir()
    for file in photos.iterdir():  # the truth itself is the reference
        PILImage.open(file).save(seen / f"{file.stem}.png")
    (other,) = run_paper("000", tmp_path / "b", photos=[photos], presets=TINY, references=seen)
    cv, sg = (dict(zip(("a", "b"), (t.rows[k] for t in (table, other)), strict=True)) for k in (0, 1))
    assert cv["a"].mean["ssim"] == cv["b"].mean["ssim"]
    assert cv["a"].mean["ssim-reference"] != cv["b"].mean["ssim-reference"]
    assert cv["b"].mean["ssim-reference"] == pytest.approx(cv["b"].mean["ssim"])
    assert sg["a"].mean["ssim"] != sg["b"].mean["ssim"]
    assert cv["a"].published["ssim-reference"] == ".65"


def test_what_differs_after_the_training_is_trained_once(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(monkeypatch, "001", "PC-SinGAN, mean", "PC-SinGAN, local means", "SinGAN", "SigGraph")
    fits: list[Any] = []
    fit = selfmend.fit
    monkeypatch.setattr(selfmend, "fit", lambda *a, **k: fits.append(k) or fit(*a, **k))
    (table,) = run_paper("001", tmp_path / "out", photos=[sorted(photos.iterdir())[0]], presets=TINY)
    assert len(fits) == 2
    means = {row.name: row.mean["psnr-hole"] for row in table.rows}
    assert len(set(means.values())) == 4
    assert means["SigGraph"] is None
    assert (tmp_path / "out").joinpath("sheet-wide_" + sorted(photos.iterdir())[0].stem + "-fill.png").exists()


def test_networks_of_a_folder_need_a_run(photos: Path, tmp_path: Path) -> None:
    model = selfmend.fit("context-encoder", photos, preset="tiny", device="cpu")
    model.save(tmp_path / "run")
    (table,) = run_paper("002", tmp_path / "out", photos=[photos], runs={"context-encoder": str(tmp_path / "run")})
    encoder, edges = table.rows
    assert encoder.mean["psnr-hole"] is not None
    assert mentions_in(edges.missing, "--run edgeconnect=RUN", "selfmend train edgeconnect FOLDER")


def test_samples_start_where_the_table_says(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, "003", "N", "N-1", table=1)
    (table,) = run_paper("003", tmp_path / "out", photos=[sorted(photos.iterdir())[0]], presets=TINY)
    coarsest, next_one = (row.mean["diversity"] for row in table.rows)
    assert coarsest != next_one
    assert "study" in table.lacking["confusion-paired"]


def test_the_ablation_has_the_published_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def stub(method: str, pictures: Path, output: Path, **more: Any) -> SimpleNamespace:
        asked.update(more, method=method)
        rows = [SimpleNamespace(value=float(v), mean=Interval(float(v), 0.0, 9.0)) for v in reversed(more["values"])]
        output.mkdir()
        found = [SimpleNamespace(metric="lpips-alex", rows=rows)]
        return SimpleNamespace(comparisons=found, lpips="alex", truths=SimpleNamespace(names=("a.png",)))

    monkeypatch.setattr("selfmend.evaluation.ablation.run_ablation", stub)
    (table,) = run_ablation_paper(tmp_path, tmp_path / "out", seeds=2, preset="small")
    assert (asked["method"], asked["vary"], asked["seeds"], asked["preset"]) == ("dmfn", "matching", 2, "small")
    assert [row.mean["lpips-alex"] for row in table.rows] == [0, 2, 5, 8]
    assert [row.published["lpips-alex"] for row in table.rows] == [".0517", ".0559", ".0513", ".0587"]
    assert "| eta 5.0 | 5.0000 (0.0000 to 9.0000) | .0513 |" in as_markdown(table)


def test_slips() -> None:
    with pytest.raises(OptionError, match=mentions("paper", "'005'")):
        run_paper("005", "out")
    with pytest.raises(OptionError, match=mentions("'singam'", "singan")):
        run_paper("003", "out", presets={"singam": "tiny"})
    with pytest.raises(OptionError, match="ablation"):
        run_paper("004", "out")


def test_a_column_that_these_pictures_do_not_fit_says_so(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(monkeypatch, "003", "SinGAN", "bicubic")

    def refuse(*arguments: Any, **more: Any) -> None:
        raise OptionError("the coarsest scale would have 3x4 pixels")

    monkeypatch.setattr(selfmend, "super_resolve", refuse)
    (table,) = run_paper("003", tmp_path / "out", photos=[photos], presets=TINY)
    singan, bicubic = table.rows
    assert mentions_in(singan.missing, "3x4 pixels", "0.png")
    assert bicubic.mean["rmse"] is not None
