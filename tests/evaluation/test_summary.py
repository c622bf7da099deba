"""The tables of a benchmark: means of what all have, photos as the units, and what may be chance."""

from pathlib import Path

import pytest

from selfmend.evaluation.benchmark_report import LEAST_PHOTOS, make_tables
from selfmend.evaluation.cases import Case


def cases(photos: int, kinds=("thin", "wide")) -> list[Case]:
    return [Case(name=f"{kind}_{k}", kind=kind, photo=Path(f"{k}.png")) for k in range(photos) for kind in kinds]


def scores(of, value) -> dict[str, dict[str, float]]:
    return {case.name: {"psnr": value(k, case)} for k, case in enumerate(of)}


def test_the_best_is_found_and_what_is_worse_by_more_than_chance() -> None:
    of = cases(10)
    given = {
        "good": scores(of, lambda k, case: 20 + k),
        "same": scores(of, lambda k, case: 20 + k - 0.1 * (-1) ** (k // 2)),
        "bad": scores(of, lambda k, case: 19 + k + 0.1 * (-1) ** (k // 2)),
    }
    whole, thin, wide = make_tables(of, list(given), given)
    assert [whole.kind, thin.kind, wide.kind] == ["all", "thin", "wide"]
    assert [whole.cases, thin.cases] == [20, 10]
    assert [whole.rows[name]["psnr"].worse for name in given] == [False, False, True]
    assert whole.rows["good"]["psnr"].mean == pytest.approx(29.5)
    assert whole.rows["good"]["psnr"].low < 29.5 < whole.rows["good"]["psnr"].high
    assert thin.rows["good"]["psnr"].mean == pytest.approx(29)
    assert wide.rows["good"]["psnr"].mean == pytest.approx(30)


def test_holes_of_one_photo_are_no_independent_cases() -> None:
    one, four = (cases(8, kinds) for kinds in (("thin",), ("thin", "wide", "block", "text")))
    widths = []
    for of in (one, four):
        given = {"x": scores(of, lambda k, case: float(case.photo.stem)), "y": scores(of, lambda k, case: 0.0)}
        cell = make_tables(of, ["x", "y"], given)[0].rows["x"]["psnr"]
        widths.append(cell.high - cell.low)
    assert widths[0] == pytest.approx(widths[1])


def test_only_cases_that_all_have_count() -> None:
    of = cases(8, ("thin",))
    full, part = scores(of, lambda k, case: float(k)), scores(of, lambda k, case: float(k) + 1)
    del part["thin_7"]
    part["thin_6"]["psnr"] = float("nan")
    (table,) = make_tables(of, ["full", "part", "none"], {"full": full, "part": part, "none": {}})
    assert table.shared == {"psnr": 6}
    assert table.rows["full"]["psnr"].mean == pytest.approx(2.5)
    assert table.rows["part"]["psnr"].best
    assert table.rows["none"] == {}


def test_a_metric_that_one_lacks_is_compared_among_the_others() -> None:
    of = cases(8, ("thin",))
    given = {name: {case.name: {"psnr": 1.0 + k} for case in of} for k, name in enumerate("ab")}
    for row in given["a"].values():
        row["seconds"] = 2.0
    (table,) = make_tables(of, ["a", "b"], given)
    assert table.rows["a"]["seconds"].mean == 2
    assert "seconds" not in table.rows["b"]
    assert (table.rows["a"]["psnr"].best, table.rows["b"]["psnr"].best) == (False, True)


@pytest.mark.parametrize(("photos", "worse"), [(LEAST_PHOTOS - 1, None), (LEAST_PHOTOS, True)])
def test_of_few_photos_nothing_is_called_worse(photos, worse) -> None:
    of = cases(photos, ("thin",))
    given = {"good": scores(of, lambda k, case: 9.0 + k), "bad": scores(of, lambda k, case: float(k))}
    (table,) = make_tables(of, list(given), given)
    assert table.rows["bad"]["psnr"].worse is worse
    assert table.rows["good"]["psnr"].best


def test_one_photo_has_no_interval() -> None:
    of = cases(1)
    given = {"good": scores(of, lambda k, case: 9.0), "bad": scores(of, lambda k, case: 1.0)}
    cell = make_tables(of, list(given), given)[0].rows["good"]["psnr"]
    assert (cell.mean, cell.low, cell.high, cell.best, cell.worse) == (9, None, None, True, None)


def test_memory_is_the_most_and_known_pixels_have_no_best() -> None:
    of = cases(8, ("thin",))
    given = {
        name: {case.name: {"memory": 100.0 + j, "known": float(k)} for j, case in enumerate(of)}
        for k, name in enumerate("ab")
    }
    (table,) = make_tables(of, ["a", "b"], given)
    assert table.rows["a"]["memory"].mean == 107
    assert not any(table.rows[name][metric].best for name in "ab" for metric in ("memory", "known"))
