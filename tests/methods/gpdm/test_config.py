import pytest

from selfmend.errors import OptionError
from selfmend.methods.gpdm import PAPER
from selfmend.options import replace_options


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ratio": "1"}, r"option ratio is 1.0; 0.1 to 0.95 fits \(the paper's is 0.85\)"),
        ({"patch": 31}, "option patch is 31 and coarsest 21; the coarsest scale must hold a patch"),
        ({"power": 3}, "option power is 3; 1 or 2 fits"),
        ({"start": "noise"}, "unknown start 'noise'.*Known: blurred, zeros"),
        ({"steps": 0}, "option steps is 0; at least 1 fits"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        replace_options(PAPER, changes)


def test_paper_is_the_papers() -> None:
    assert (PAPER.coarsest, PAPER.ratio, PAPER.patch, PAPER.projections) == (21, 0.85, 7, 64)
    assert (PAPER.steps, PAPER.finest_steps, PAPER.power, PAPER.learning_rate) == (300, 300, 1, 0.01)
