"""Options: strings become values of the field's type, and what does not fit is refused with what does."""

from dataclasses import dataclass

import pytest

from selfmend.errors import OptionError
from selfmend.options import describe_options, option, replace_options


@dataclass(frozen=True, kw_only=True)
class Options:
    steps: int = option(2000, "steps of each scale", source="Sec. 3.2", low=1)
    rate: float = option(1e-4, "learning rate", low=0)
    init: str = option("mean", "first guess", choices=("mean", "telea"))
    fast: bool = option(False, "half precision")
    size: int | None = option(250, "longest side", unit="px", low=8)
    scales: tuple[int, ...] = option((3,), "scales to fill from", low=0)
    weights: tuple[float, float] = option((1.0, 10.0), "of the two losses")


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("steps", "500", 500),
        ("steps", "5e2", 500),
        ("steps", 500.0, 500),
        ("steps", "9007199254740993", 9007199254740993),
        ("rate", "1e-3", 1e-3),
        ("rate", 1, 1.0),
        ("init", "telea", "telea"),
        ("fast", "true", True),
        ("fast", "OFF", False),
        ("fast", True, True),
        ("size", "none", None),
        ("size", None, None),
        ("size", "64", 64),
        ("scales", "3,4", (3, 4)),
        ("scales", "(3, 4)", (3, 4)),
        ("scales", [5], (5,)),
        ("scales", 5, (5,)),
        ("weights", "1,2.5", (1.0, 2.5)),
    ],
)
def test_values_are_read_as_the_fields_type(name, given, expected):
    value = getattr(replace_options(Options(), {name: given}), name)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("stepz", 1, "unknown option 'stepz'; did you mean 'steps'"),
        ("steps", "many", "option steps is 'many'; a value of type int fits"),
        ("steps", "1.5", "option steps is '1.5'; a value of type int fits"),
        ("steps", True, "option steps is True; a value of type int fits"),
        ("steps", "inf", "a value of type int fits"),
        ("steps", "0", "option steps is 0; at least 1 fits"),
        ("rate", "fast", "a value of type float fits"),
        ("rate", "nan", "option rate is 'nan'; a value of type float fits"),
        ("rate", "inf", "a value of type float fits"),
        ("rate", -1, r"option rate is -1.0; at least 0 fits"),
        ("init", "telae", "unknown init 'telae'; did you mean 'telea'"),
        ("init", 3, "option init is 3; a value of type str fits"),
        ("fast", "maybe", "option fast is 'maybe'; a value of type bool fits"),
        ("fast", 1, "a value of type bool fits"),
        ("size", "", "a value of type int fits"),
        ("size", 7, "option size is 7; at least 8 fits"),
        ("scales", "3,x", "option scales is 'x'; a value of type int fits"),
        ("scales", "3,-1", "option scales is -1; at least 0 fits"),
        ("scales", "", "option scales is ''"),
        ("weights", "1", "option weights is '1'; 2 values fit"),
        ("weights", None, "option weights is None; 2 values fit"),
    ],
)
def test_values_that_do_not_fit(name, given, message):
    with pytest.raises(OptionError, match=message):
        replace_options(Options(), {name: given})


def test_the_options_that_came_are_not_changed():
    options = Options()
    assert replace_options(options, {}) == options
    assert replace_options(options, {"steps": 3}).steps == 3
    assert options.steps == 2000


def test_the_description_has_all_that_a_person_needs():
    rows = {row["name"]: row for row in describe_options(Options())}
    assert list(rows) == ["steps", "rate", "init", "fast", "size", "scales", "weights"]
    assert rows["steps"]["source"] == "Sec. 3.2"
    assert rows["size"] == {
        "name": "size", "value": 250, "type": "int | None", "help": "longest side", "unit": "px", "source": "",
        "choices": (), "none": "", "off": "", "label": "", "low": 8, "high": None, "limit": None,
    }  # fmt: skip
    assert rows["init"]["choices"] == ("mean", "telea")
