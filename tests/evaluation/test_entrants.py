"""Who takes part in a benchmark: how they are written, and what is refused."""

import json

import pytest

from bench_photos import draw_photos
from facts import mentions
from selfmend.errors import OptionError, RunError
from selfmend.evaluation.entries import (
    check_different,
    command_entry,
    external_entry,
    method_entry,
    parse_spec,
)


def test_a_method_is_a_name_a_preset_and_options() -> None:
    assert parse_spec(" telea ") == ("telea", None, {})
    assert parse_spec("gpnn:tiny") == ("gpnn", "tiny", {})
    assert parse_spec("singan:tiny:learning-rate=1e-3:seed=2,steps=4") == (
        "singan", "tiny", {"learning_rate": "1e-3", "seed": "2", "steps": "4"},
    )  # fmt: skip


def test_settings_tell_what_results_depend_on() -> None:
    one, same, other = (method_entry(spec).settings() for spec in ("telea", "telea:radius=3", "telea:radius=4"))
    assert one == same != other
    assert method_entry("telea", seed=1).settings() != one
    assert command_entry("x=cp {image} {output}").settings() != command_entry("x=cp -f {image} {output}").settings()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("telia", "unknown method 'telia'; did you mean 'telea'?"),
        ("telea:fast", "unknown preset of telea 'fast'"),
        ("telea:raduis=3", "method 'telea:raduis=3': unknown option 'raduis'; did you mean 'radius'?"),
        ("telea:radius=wide", "option radius is 'wide'; a value of type float fits"),
        ("singan:tiny:tiny", r"method 'singan:tiny:tiny' is not NAME\[:PRESET\]\[:KEY=VALUE...\]; for example"),
        ("telea:", "method 'telea:' is not NAME"),
        ("dmfn", "dmfn learns from a folder first; name what `selfmend train` wrote: dmfn:model=RUN"),
        ("dmfn:tiny:model=x", "method 'dmfn:tiny:model=x' has a model, which brings its own settings"),
    ],
)
def test_methods_that_do_not_fit_are_refused(spec, message) -> None:
    with pytest.raises(OptionError, match=message):
        method_entry(spec)


def test_a_model_is_a_trained_run_of_the_method(tmp_path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        method_entry(f"dmfn:model={tmp_path}")
    record = {"format": 1, "method": "dmfn", "config": {}, "seed": 0, "status": "training"}
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(OptionError, match=mentions("dmfn")):
        method_entry(f"dmfn:model={tmp_path}")
    (tmp_path / "run.json").write_text(json.dumps(record | {"status": "trained"}))
    first = method_entry(f"dmfn:model={tmp_path}").settings()
    (tmp_path / "run.json").write_text(json.dumps(record | {"status": "trained", "seed": 1}))
    assert method_entry(f"dmfn:model={tmp_path}").settings() != first


def test_a_command_is_split_without_a_shell() -> None:
    found = command_entry("my tool=cp '{image}' \"{output} x\" $HOME;", timeout=2)
    assert (found.name, found.timeout) == ("my tool", 2)
    assert found.words == ("cp", "{image}", "{output} x", "$HOME;")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cp {image} {output}", r"--command 'cp {image} {output}' is not NAME=COMMAND; for example"),
        ("x=", "--command 'x=' is not NAME=COMMAND"),
        ("x=cp {image}", r"has no {output}; NAME=COMMAND; for example"),
        ("x=cp {output}", r"has no {image}; NAME"),
        ("x=cp {image} {ouput}", "unknown placeholder 'ouput'; did you mean 'output'?"),
        ("x=no-such-tool {image} {output}", "there is no program no-such-tool; install it, or give its path"),
        ("x=cp '{image} {output}", "No closing quotation"),
    ],
)
def test_commands_that_do_not_fit_are_refused(text, message) -> None:
    with pytest.raises(OptionError, match=message):
        command_entry(text)


def test_others_that_do_not_fit_are_refused(tmp_path) -> None:
    folder = draw_photos(tmp_path / "made=here")
    assert external_entry(f"other={folder}").folder == folder
    with pytest.raises(OptionError, match=mentions("--timeout", "0")):
        command_entry("x=cp {image} {output}", timeout=0)
    with pytest.raises(OptionError, match=mentions("--external", "'x'", "NAME=DIR")):
        external_entry("x")
    with pytest.raises(OptionError, match=mentions("nowhere")):
        external_entry("x=nowhere")
    with pytest.raises(OptionError, match=mentions("'telea'", "'Telea'")):
        check_different([method_entry("telea"), external_entry(f"Telea={folder}")])
    with pytest.raises(OptionError, match="nobody takes part; name at least one"):
        check_different([])
