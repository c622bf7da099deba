"""Events between stages."""

from selfmend.training.stage import Stage, with_previews


def test_a_preview_is_offered_after_each_stage_but_the_last() -> None:
    done, events = [], []

    def stages():
        for name in "abc":
            yield Stage(name=name, steps=4, step=lambda i, batch, random: {})
            done.append(name)

    def show(event):
        events.append((event.stage, event.stage_index, event.stage_count, event.step, event.done, event.preview()))

    given = with_previews(stages(), lambda: "".join(done), costs=[1.0, 2.0, 5.0], progress=show)
    assert [stage.name for stage in given] == ["a", "b", "c"]
    assert events == [("a", 0, 3, 4, 0.125, "a"), ("b", 1, 3, 4, 0.375, "ab")]


def test_costs_may_be_unknown() -> None:
    events = []
    stages = [Stage(name=name, steps=1, step=lambda i, batch, random: {}) for name in "ab"]
    assert list(with_previews(iter(stages), lambda: None, costs=[], progress=events.append)) == stages
    assert [(event.done, event.stage_count) for event in events] == [(None, 0)]
