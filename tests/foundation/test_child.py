"""A process of one's own: given things, it answers, and when it ends instead, that is known."""

import os
import signal

import pytest

from selfmend.processes import ONE_THREAD, Child, ChildEndedError, become_child


def serve(connection, word):
    become_child()
    while (thing := connection.recv()) is not None:
        if thing == "die":
            os._exit(3)
        settled = signal.getsignal(signal.SIGINT) == signal.SIG_IGN and os.environ["OMP_NUM_THREADS"] == "1"
        connection.send((word, thing, settled))


@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_it_answers_until_it_ends(context):
    child = Child(serve, "hello", context=context)
    for thing in (1, "two"):
        child.give(thing)
        assert child.take() == ("hello", thing, True)
    child.end()
    assert child.connection.closed


def test_its_end_is_an_error_that_says_how():
    for code, line in ((None, "ended with code 3$"), (signal.SIGKILL, r"ended with code -9; out of memory\?$")):
        child = Child(serve, "hello")
        child.give("die") if code is None else os.kill(child.pid, code)
        with pytest.raises(ChildEndedError, match=line):
            child.take()
        assert not child.alive
        child.give("is not heard")
        child.end()


def test_it_can_be_ended_at_once():
    child = Child(serve, "hello")
    child.end(now=True)
    assert ONE_THREAD.keys() >= {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}
