"""Threads beside the work: order, bounds, errors."""

import threading
import time

import pytest

from selfmend.video.prefetch import BackgroundWriter, ahead


def test_items_come_in_order_and_not_too_early():
    made = []

    def source():
        for k in range(20):
            made.append(k)
            yield k

    items = ahead(source(), depth=3)
    assert next(items) == 0
    time.sleep(0.05)
    assert made == [0, 1, 2, 3]
    assert list(items) == list(range(1, 20))


def test_an_error_of_the_source_comes_where_its_item_would():
    def source():
        yield 1
        raise ValueError("no more")

    items = ahead(source(), depth=4)
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_a_source_is_closed_when_nobody_asks_any_more():
    closed = threading.Event()

    def source():
        try:
            yield from range(100)
        finally:
            closed.set()

    items = ahead(source(), depth=2)
    next(items)
    items.close()
    assert closed.is_set()


def test_calls_are_done_in_order_and_few_of_them_wait():
    done, gate = [], threading.Semaphore(0)

    def work(k):
        gate.acquire()
        done.append(k)

    with BackgroundWriter(work, depth=2) as call:
        call(0)
        call(1)
        caller = threading.Thread(target=call, args=(2,))
        caller.start()
        caller.join(0.05)
        assert caller.is_alive()  # two wait already
        for _ in range(3):
            gate.release()
        caller.join(5)
    assert done == [0, 1, 2]


def test_an_error_of_a_call_is_raised():
    def work(k):
        raise ValueError(f"call {k}")

    with pytest.raises(ValueError, match="call 0"), BackgroundWriter(work, depth=2) as call:
        call(0)
