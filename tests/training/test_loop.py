"""The loop on a toy problem: resume to the same bits from any step, save on interrupt, stop on what is not finite."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from facts import mentions
from selfmend.errors import RunError, TrainingError
from selfmend.nn.tensors import make_generator
from selfmend.progress import ProgressEvent
from selfmend.training import loop
from selfmend.training.loop import run
from selfmend.training.stage import Stage

STEPS = 6


class Toy:
    """Two stages of noisy regression; the second starts from the first's weights, as SinGAN's scales do."""

    def __init__(self, *, nan_at: int | None = None) -> None:
        self.nets: list[torch.nn.Linear] = []
        self.nan_at = nan_at

    def stages(self, seed: int) -> Iterator[Stage]:
        for n in range(2):
            net = torch.nn.Linear(3, 1)
            with torch.no_grad():
                for p in net.parameters():
                    p.copy_(torch.randn(p.shape, generator=make_generator(seed, n, "init")))
                if n:
                    net.weight += self.nets[0].weight  # needs stage 0 finished
            optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
            schedule = torch.optim.lr_scheduler.StepLR(optimizer, 4)

            def step(i: int, batch: None, generator: torch.Generator, net=net, optimizer=optimizer, schedule=schedule):
                x = torch.randn(8, 3, generator=generator)
                loss = (net(x) - x.sum(1, keepdim=True)).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                return {"loss": loss.detach() * (torch.nan if i == self.nan_at else 1.0), "other": 1.0}

            state = {"net": net, "optimizer": optimizer, "schedule": schedule}
            yield Stage(name=f"stage {n}", steps=STEPS, step=step, state=state)
            self.nets.append(net)

    def weights(self) -> torch.Tensor:
        return torch.cat([p.detach().flatten() for net in self.nets for p in net.parameters()])


class Stopper:
    def __init__(self, at: int) -> None:
        self.at, self.events = at, []

    def __call__(self, event: ProgressEvent) -> None:
        self.events.append(event)
        if len(self.events) == self.at:
            raise InterruptedError


@pytest.fixture(scope="module")
def straight() -> torch.Tensor:
    toy = Toy()
    run(toy.stages(3), seed=3)
    return toy.weights()


@pytest.mark.parametrize("at", range(1, 2 * STEPS + 1))
def test_resumes_to_the_same_bits_from_any_step(tmp_path: Path, straight: torch.Tensor, at: int) -> None:
    with pytest.raises(InterruptedError):
        run(Toy().stages(3), seed=3, folder=tmp_path, progress=Stopper(at))
    toy = Toy()
    events = Stopper(at=-1)
    run(toy.stages(3), seed=3, folder=tmp_path, progress=events)
    assert torch.equal(toy.weights(), straight)
    assert sum(e.step > 0 and bool(e.terms) for e in events.events) == 2 * STEPS - at  # no step is done twice


def test_another_seed_differs(straight: torch.Tensor) -> None:
    toy = Toy()
    run(toy.stages(4), seed=4)
    assert not torch.equal(toy.weights(), straight)


def test_stops_on_what_is_not_finite_and_names_all_terms(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=mentions("0", "3", "1")):
        run(Toy(nan_at=2).stages(0), seed=0, folder=tmp_path, save_seconds=0)
    toy = Toy()  # the last good state is there: the run goes on from step 2
    events = Stopper(at=-1)
    run(toy.stages(0), seed=0, folder=tmp_path, progress=events)
    assert events.events[0].step == 3


def test_a_run_that_is_stopped_between_looks_does_not_save_what_is_not_finite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "on_accelerator", lambda terms: True)  # terms are looked at every 25 steps only
    with pytest.raises(TrainingError, match=mentions("0", "3")):
        run(Toy(nan_at=2).stages(0), seed=0, folder=tmp_path, progress=Stopper(3))
    assert not list(tmp_path.iterdir())
    with pytest.raises(InterruptedError):
        run(Toy(nan_at=2).stages(0), seed=0, folder=tmp_path, progress=Stopper(2))
    assert [file.name for file in tmp_path.iterdir()] == ["stage-000.safetensors"]


def test_refuses_the_state_of_another_run(tmp_path: Path) -> None:
    with pytest.raises(InterruptedError):
        run(Toy().stages(0), seed=0, folder=tmp_path, progress=Stopper(2))
    other = [Stage(name="scale 0", steps=9, step=lambda i, b, g: {})]
    with pytest.raises(RunError, match=mentions("'stage 0'", "6", "run", "'scale 0'", "9")):
        run(other, seed=0, folder=tmp_path)


def test_events_tell_where_the_work_is() -> None:
    events = Stopper(at=-1)
    run(Toy().stages(0), seed=0, progress=events, stage_costs=[1.0, 3.0])
    assert [round(e.done, 4) for e in events.events][:: STEPS // 2] == [0.0417, 0.1667, 0.375, 0.75]
    assert events.events[-1].done == 1
    assert {e.stage_count for e in events.events} == {2}
    assert "loss" in events.events[0].terms


def test_of_a_stage_that_is_done_only_the_end_is_told(tmp_path: Path) -> None:
    run(Toy().stages(0), seed=0, folder=tmp_path)
    again = Stopper(at=-1)
    run(Toy().stages(0), seed=0, folder=tmp_path, progress=again)
    assert [(e.stage, e.step, dict(e.terms)) for e in again.events] == [(f"stage {n}", STEPS, {}) for n in range(2)]


def test_it_runs_in_any_thread(straight: torch.Tensor) -> None:
    toy = Toy()
    with ThreadPoolExecutor(1) as beside:
        beside.submit(run, toy.stages(3), seed=3).result()
    assert torch.equal(toy.weights(), straight)


def test_batches_start_at_the_step_that_comes_next(tmp_path: Path) -> None:
    seen: list[int] = []

    def make() -> list[Stage]:
        return [
            Stage(name="s", steps=4, step=lambda i, b, g: seen.append(b) or {}, batches=lambda k: iter(range(k, 99)))
        ]

    with pytest.raises(InterruptedError):
        run(make(), seed=0, folder=tmp_path, progress=Stopper(2))
    run(make(), seed=0, folder=tmp_path)
    assert seen == [0, 1, 2, 3]


SLOW_TRAINING = """
import sys, time
from pathlib import Path
sys.path[:0] = {path!r}
from test_loop import Toy
from selfmend.training.loop import run
toy = Toy()
def slow(event):
    print(event.step, flush=True)
    time.sleep({pause})
run(toy.stages(3), seed=3, folder=Path(sys.argv[1]), progress=slow, save_seconds=0)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_killed_process_resumes_to_the_same_bits(tmp_path: Path, straight: torch.Tensor, sign: signal.Signals) -> None:
    script = tmp_path / "train.py"
    here = Path(__file__).parent
    script.write_text(SLOW_TRAINING.format(path=[str(here), str(here.parent)], pause=0.05))
    folder = tmp_path / "run"
    with subprocess.Popen([sys.executable, script, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(8):
            process.stdout.readline()
        os.kill(process.pid, sign)
        process.communicate(timeout=30)
    assert process.returncode != 0
    time.sleep(0.01)
    toy, events = Toy(), Stopper(at=-1)
    run(toy.stages(3), seed=3, folder=folder, progress=events)
    assert torch.equal(toy.weights(), straight)
    assert sum(bool(e.terms) for e in events.events) < 2 * STEPS  # something was resumed
    assert not list(folder.glob(".*")) or sign == signal.SIGKILL  # no temporary file stays


def test_every_step_of_every_stage_draws_its_own() -> None:
    drawn = []

    def stage(name: str) -> Stage:
        return Stage(name=name, steps=3, step=lambda i, b, g: drawn.append(float(torch.rand(1, generator=g))) or {})

    run([stage("a"), stage("b")], seed=0)
    run([stage("a")], seed=1)
    assert len(set(drawn)) == 9
    again = drawn[:3]
    drawn.clear()
    run([stage("a")], seed=0)
    assert drawn == again


def test_the_state_of_another_net_is_refused_and_so_is_half_a_file(tmp_path: Path) -> None:
    def stage(width: int) -> list[Stage]:
        net = torch.nn.Linear(3, width)
        return [Stage(name="s", steps=2, step=lambda i, b, g: {}, state={"net": net})]

    with pytest.raises(InterruptedError):
        run(stage(1), seed=0, folder=tmp_path, progress=Stopper(1))
    with pytest.raises(RunError, match=mentions("stage-000.safetensors")):
        run(stage(2), seed=0, folder=tmp_path)
    os.truncate(tmp_path / "stage-000.safetensors", 90)
    with pytest.raises(RunError, match=r"is not a whole checkpoint .*; remove it to start this part again"):
        run(stage(1), seed=0, folder=tmp_path)
