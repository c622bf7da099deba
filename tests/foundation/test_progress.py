"""Progress of a part, told as progress of the whole."""

from selfmend.progress import ProgressEvent, sample_shares


def test_samples_share_the_work() -> None:
    told = []
    shares = sample_shares(told.append, 4)
    shares[0](ProgressEvent(stage="a", done=0.5))
    shares[2](ProgressEvent(stage="", step=1, steps=2))
    shares[3](ProgressEvent(stage="b", done=1.0))
    assert [(event.stage, event.done) for event in told] == [
        ("sample 1 of 4, a", 0.125), ("sample 3 of 4", 0.625), ("sample 4 of 4, b", 1.0),
    ]  # fmt: skip


def test_a_single_sample_is_the_whole() -> None:
    told = []
    (share,) = sample_shares(told.append, 1)
    share(event := ProgressEvent(stage="a"))
    assert told == [event]
