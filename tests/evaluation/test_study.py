"""A study of people: fair trials, nothing told beforehand, answers kept, and the numbers right."""

import io
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, OptionError, RunError
from selfmend.evaluation.study import Study, pair_fakes


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    """Real pictures are red, fakes are green and of another size."""
    for folder, colour, size in (("real", (200, 0, 0), (24, 16)), ("fake", (0, 200, 0), (48, 32))):
        (tmp_path / folder).mkdir()
        for k in range(10):
            name = f"{k}.png" if folder == "real" else f"{k}-1.png"
            PILImage.new("RGB", size, colour).save(tmp_path / folder / name)
    return tmp_path / "real", tmp_path / "fake"


@pytest.fixture
def study(pictures: tuple[Path, Path], tmp_path: Path) -> Study:
    return Study(tmp_path / "study.sqlite", pair_fakes(*pictures))


def is_green(study: Study, key: str) -> bool:
    """Whether a picture is a fake; both kinds have the same size."""
    image = PILImage.open(io.BytesIO(study.picture(key)))
    assert image.size == (24, 16)
    assert image.info == {}
    return bool(np.asarray(image)[..., 0].mean() < 100)  # scrambled red is turned round, too


def takes_part(study: Study, protocol: str, wrong_every: int = 0, *, seed: int = 1, blind: bool = False) -> int:
    """Someone who is right, but for each so-manieth answer, or who always says 1; the number of trials."""
    person, count = study.begin(protocol, seed=seed), 0
    while (trial := study.next_trial(person)) is not None:
        greens = [is_green(study, key) for key in trial.images]
        right = greens.index(True) if protocol == "paired" else int(greens[0])
        count += 1
        said = 1 if blind else right
        if wrong_every and count % wrong_every == 0:
            said = 1 - right
        study.answer(person, trial.number, said, shown=1000.0)
    return count


@pytest.mark.parametrize("protocol", ["paired", "unpaired"])
def test_who_sees_everything_is_never_confused(study: Study, protocol: str) -> None:
    assert takes_part(study, protocol) == 12  # ten pairs and two catch trials
    (result,) = study.results()
    assert (result.people, result.left_out, result.answers, result.confusion) == (1, 0, 10, 0)
    assert result.interval is not None
    assert result.interval[0] == pytest.approx(0, abs=1e-9)
    assert 0.2 < result.interval[1] < 0.35  # Wilson of 0 of 10


def test_sides_are_even_and_each_pair_comes_once(study: Study) -> None:
    person = study.begin("paired", seed=3)
    rows = sqlite3.connect(study.path).execute("SELECT picture, catch, fake FROM trials").fetchall()
    assert sorted(picture for picture, catch, _ in rows if not catch) == list(range(1, 11))
    assert sum(fake for _, _, fake in rows) == 6
    assert person not in str(rows)


def test_who_misses_catch_trials_is_left_out(study: Study) -> None:
    takes_part(study, "unpaired")
    person = study.begin("unpaired", seed=2)
    while (trial := study.next_trial(person)) is not None:
        study.answer(person, trial.number, 0, shown=1000.0)  # everything is real
    (result,) = study.results()
    assert (result.people, result.left_out, result.confusion) == (1, 1, 0)


def test_confusion_of_several_people_and_of_each_picture(study: Study) -> None:
    takes_part(study, "paired", seed=4)
    for seed in (5, 6, 7):
        person = study.begin("paired", seed=seed)
        while (trial := study.next_trial(person)) is not None:
            right = [is_green(study, key) for key in trial.images].index(True)
            row = (
                sqlite3.connect(study.path)
                .execute(
                    "SELECT picture, catch FROM trials WHERE participant = ? AND number = ?", (person, trial.number)
                )
                .fetchone()
            )
            study.answer(person, trial.number, 1 - right if row[0] <= 5 and not row[1] else right, shown=1000.0)
    sifid = {fake: 1.0 if number <= 5 else 2.0 for number, (_, fake) in study.pairs.items()}
    (result,) = study.results(sifid)
    assert result.people == 4
    assert result.confusion == pytest.approx(3 * 5 / 40)
    assert result.interval is not None
    assert result.interval[0] < 15 / 40 < result.interval[1]
    assert result.by_picture[study.pairs[1][1]] == pytest.approx(0.75)
    assert result.by_picture[study.pairs[9][1]] == 0
    assert result.correlation == pytest.approx(-1)
    assert study.results()[0].correlation is None


def test_unpaired_answers_are_told_apart(study: Study) -> None:
    person = study.begin("unpaired", seed=8)
    while (trial := study.next_trial(person)) is not None:
        fake = is_green(study, trial.images[0])
        catch = (
            sqlite3.connect(study.path)
            .execute("SELECT catch FROM trials WHERE participant = ? AND number = ?", (person, trial.number))
            .fetchone()[0]
        )
        study.answer(person, trial.number, 1 if fake and catch else 0, shown=900.0)
    (result,) = study.results()
    assert (result.fakes_taken, result.reals_taken) == (1, 0)


def test_nothing_comes_before_its_time_or_twice(study: Study) -> None:
    person = study.begin("paired", seed=1)
    trial = study.next_trial(person)
    assert trial is not None
    with pytest.raises(OptionError, match=mentions("trial", "2")):
        study.answer(person, 2, 0, shown=1000.0)
    study.answer(person, 1, 0, shown=1000.0)
    with pytest.raises(OptionError, match=mentions("trial", "1")):
        study.answer(person, 1, 1, shown=1000.0)
    with pytest.raises(LookupError):
        study.picture(trial.images[0])
    with pytest.raises(LookupError):
        study.next_trial("nobody")
    with pytest.raises(OptionError, match=mentions("'pared'", "paired")):
        study.begin("pared")


def test_a_study_goes_on_and_refuses_other_pictures(study: Study, pictures: tuple[Path, Path], tmp_path: Path) -> None:
    takes_part(study, "paired")
    study.close()
    again = Study(tmp_path / "study.sqlite")
    assert len(again.results()) == 1
    assert again.pairs == Study(tmp_path / "study.sqlite", pair_fakes(*pictures)).pairs
    (pictures[1] / "9-1.png").unlink()
    with pytest.raises(OptionError, match="other pictures"):
        Study(tmp_path / "study.sqlite", pair_fakes(*pictures))
    with pytest.raises(OptionError, match="no study"):
        Study(tmp_path / "new.sqlite")
    (tmp_path / "bad.sqlite").write_text("no database at all, but long enough to be looked at" * 30)
    with pytest.raises(RunError, match=r"bad\.sqlite"):
        Study(tmp_path / "bad.sqlite")
    PILImage.new("RGB", (8, 8)).save(pictures[1] / "dog.png")
    with pytest.raises(ImageError, match=mentions("dog.png")):
        pair_fakes(*pictures)
