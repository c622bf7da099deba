"""An ablation: what it writes, that the numbers are those of its runs, and that nothing is trained twice."""

import json

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from folder_of_pictures import draw_folder
from selfmend.evaluation.ablation import run_ablation
from selfmend.evaluation.ablation_report import value_name
from selfmend.evaluation.held_back import read_held_back
from selfmend.metrics.pixels import psnr
from selfmend.training.pictures import find_pictures

PLAN = {"vary": "matching", "values": ["0", "5"], "seeds": 2, "masks": "center", "preset": "tiny", "workers": 0}
pytestmark = pytest.mark.filterwarnings("ignore:LPIPS is left out")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return draw_folder(tmp_path_factory.mktemp("ablation") / "pictures", count=7)


@pytest.fixture(scope="module")
def finished(pictures):
    result = run_ablation("dmfn", pictures, pictures.parent / "out", held_back=3, **PLAN)
    return result, pictures.parent / "out"


def written(folder):
    return {run.name: (run / "weights.safetensors").stat().st_mtime_ns for run in (folder / "runs").iterdir()}


def test_every_value_and_seed_is_a_run_on_the_other_pictures(finished) -> None:
    _, out = finished
    assert {path.name for path in out.iterdir()} == {"ablation.json", "runs", "table.md", "scores.json", "faces.png"}
    assert set(written(out)) == {"0-0", "0-1", "5-0", "5-1"}
    for value, seed in ((0, 0), (5, 1)):
        model = selfmend.load(out / "runs" / f"{value}-{seed}")
        assert (model.method.config.matching, model.method.config.masks, model.seed) == (value, "center", seed)
        assert model.data["pictures"] == 4


def test_the_numbers_are_those_of_the_runs(finished, pictures) -> None:
    result, out = finished
    told = json.loads((out / "scores.json").read_text())
    assert len(told["scores"]) == 2 * 2 * 3
    row = next(r for r in told["scores"] if (r["value"], r["seed"], r["picture"]) == (5, 1, "5.png"))
    model = selfmend.load(out / "runs" / "5-1")
    held = find_pictures(pictures).divided(3)[1]
    case = read_held_back(held, model.method.config).cases[1]
    filled = model.method.inpaint(case.image, case.mask)[0]
    assert row["psnr-hole"] == pytest.approx(psnr(filled, case.image, mask=case.mask))
    assert row["mae-hole"] == pytest.approx(4 * row["mae"], rel=1e-4)  # the hole is a quarter
    (comparison,) = (c for c in told["comparisons"] if c["metric"] == "psnr-hole")
    of_five = [r["psnr-hole"] for r in told["scores"] if r["value"] == 5]
    assert comparison["rows"][1]["mean"]["mean"] == pytest.approx(sum(of_five) / 6)
    assert comparison["best"] in (0, 5)
    assert len(result.comparisons) == len(told["comparisons"]) == 6


def test_the_table_and_the_sheet_show_every_value(finished) -> None:
    _, out = finished
    table = (out / "table.md").read_text()
    assert table.startswith("# dmfn: matching\n\nPreset tiny, 2 training(s) a value, 4 pictures learned from, 3 held b")
    assert "Fewer than 3 seeds or 20 pictures: the intervals are too narrow.\n\nLPIPS was left out." in table
    sections = table.split("\n## ")[1:]
    assert [s.split("\n")[0] for s in sections] == ["psnr-hole", "ssim-hole", "mae-hole", "psnr", "ssim", "mae"]
    for section in sections:
        assert section.count("| best |  |") == 1
        assert section.count("| no |") + section.count("| yes |") == 1
        assert [line.split(" | ")[0] for line in section.split("\n")[6:8]] == ["| 0", "| 5"]
    width, height = PILImage.open(out / "faces.png").size
    assert 4 * 128 < width < 6 * 128  # damaged, two values, truth; 16 px are shown 8 times as large
    assert 3 * 128 < height < 5 * 128


def test_a_finished_run_is_not_trained_again_and_more_can_be_added(finished, pictures) -> None:
    _, out = finished
    before, table = written(out), (out / "table.md").read_text()
    run_ablation("dmfn", pictures, out, held_back=3, **PLAN)
    assert (written(out), (out / "table.md").read_text()) == (before, table)
    more = run_ablation("dmfn", pictures, out, held_back=3, **{**PLAN, "values": [5, 0, 0.5], "seeds": 1})
    after = written(out)
    assert set(after) - set(before) == {"0.5-0"}
    assert {name: after[name] for name in before} == before
    assert more.ablation.values == (5, 0, 0.5)
    assert "One seed: the intervals say nothing of what another seed would give." in (out / "table.md").read_text()
    run_ablation("dmfn", pictures, out, held_back=3, **PLAN)
    assert (out / "table.md").read_text() == table


def test_an_interrupted_ablation_ends_as_one_in_one_piece(finished, pictures, tmp_path) -> None:
    _, out = finished

    def interrupt(event):
        if event.stage == "matching 5, seed 0: train" and event.step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_ablation("dmfn", pictures, tmp_path / "again", held_back=3, progress=interrupt, **PLAN)
    assert not (tmp_path / "again" / "table.md").exists()
    first = (tmp_path / "again" / "runs" / "0-1" / "weights.safetensors").stat().st_mtime_ns
    events = []
    run_ablation("dmfn", pictures, tmp_path / "again", held_back=3, progress=events.append, **PLAN)
    assert (tmp_path / "again" / "runs" / "0-1" / "weights.safetensors").stat().st_mtime_ns == first
    assert (tmp_path / "again" / "scores.json").read_text() == (out / "scores.json").read_text()
    assert {(e.stage_index, e.stage_count) for e in events} == {(k, 4) for k in range(4)}
    steps = [e.step for e in events if e.stage == "matching 5, seed 0: train"]
    assert steps == [2]  # the first was done before


def test_another_folder_can_be_measured_on(pictures, tmp_path) -> None:
    other = draw_folder(tmp_path / "other", count=2, size=(30, 22))
    plan = {**PLAN, "values": [0, 5], "seeds": 1}
    result = run_ablation("dmfn", pictures, tmp_path / "out", validation=other, **plan)
    assert len(result.ablation.learned.names) == 7
    assert result.truths.names == ("0.png", "1.png")
    assert np.array_equal(
        result.truths.cases[0].image, read_held_back(find_pictures(other), result.ablation.config).cases[0].image
    )


def test_values_are_names_of_folders() -> None:
    assert [value_name(v) for v in (5.0, 0.003, 1e-7, True, None, "relu1_1", "a/b", -1, (3, 4))] == [
        "5", "0.003", "1e-07", "true", "none", "relu1_1", "a-b", "-1", "3-4"
    ]  # fmt: skip
