"""`selfmend methods`: what there is, and the options of one."""

import json

from selfmend.methods.registry import METHODS


def test_all_methods_are_listed(run, learner):
    told = json.loads(run("methods", "--json").out)["methods"]
    assert {row["name"] for row in told} >= set(METHODS)
    assert {row["name"]: row["learns"] for row in told}["learner"]
    assert [row["name"] for row in told if row["default"]] == ["auto"]
    assert {row["name"]: row["extra"] for row in told}["singan"] == "learn"
    assert all(row["for"] and row["speed"] for row in told if row["name"] in {"auto", "telea", "singan", "dmfn"})
    names = [one["name"] for one in told]
    everyday = [name for name in names if name in METHODS and METHODS[name].everyday]
    assert names[: len(everyday)] == everyday
    assert names[0] == "auto"
    listed = run("methods").out
    assert all(name in listed for name in METHODS)


def test_the_options_of_one_have_units_and_sources(run):
    shown = run("methods", "telea")
    assert shown.out.startswith("telea: smooth fill by fast marching")
    assert "radius" in shown.out
    assert "px" in shown.out
    told = json.loads(run("methods", "telea", "--json").out)
    assert told["options"][0]["unit"] == "px"
    assert told["presets"] == {"default": {"radius": 3.0}}


def test_mistakes_end_with_one_line(refused):
    assert refused("methods", "tela").startswith("unknown method 'tela'; did you mean 'telea'?")
    assert refused("methods", "telea", "--preset", "x").startswith("unknown preset of telea 'x'")
    assert refused("methods", "--preset", "fast").startswith("--preset fast of which method?")
