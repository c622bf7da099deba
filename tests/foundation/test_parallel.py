"""Two pieces of work at once: both results, the caller's exceptions, and no work that nobody wants any more."""

import threading

import pytest

from selfmend import parallel
from selfmend.parallel import alongside


@pytest.fixture(params=[1, 2])
def threads(request, monkeypatch):
    monkeypatch.setattr(parallel, "thread_count", lambda: request.param)
    return request.param


def test_both_results_come(threads) -> None:
    here = threading.current_thread()
    assert alongside(threading.current_thread, lambda wanted: wanted()) == (here, True)


def test_the_further_work_is_done_meanwhile(monkeypatch) -> None:
    monkeypatch.setattr(parallel, "thread_count", lambda: 2)
    met = threading.Barrier(2, timeout=10)
    first, second = alongside(met.wait, lambda wanted: met.wait())
    assert {first, second} == {0, 1}


def test_what_the_work_raises_ends_the_further_work(threads) -> None:
    told = threading.Event()

    def stopped():
        raise KeyboardInterrupt

    def further(wanted):
        while wanted():
            told.wait(0.01)
        raise ValueError

    with pytest.raises(KeyboardInterrupt):
        alongside(stopped, further)


def test_what_the_further_work_raises_comes_too(threads) -> None:
    with pytest.raises(ZeroDivisionError):
        alongside(lambda: 1, lambda wanted: 1 // 0)
