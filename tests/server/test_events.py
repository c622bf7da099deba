"""Streams of a job's changes: what they tell, how often, and that nothing of them stays."""

import asyncio
import contextlib
import time

import pytest

from fake_runner import FakeRunner, png
from selfmend.server import events
from selfmend.server.events import Streams, event_response


@pytest.fixture
def runner(tmp_path):
    return FakeRunner(tmp_path, finishes=False)


@pytest.fixture
def job(runner):
    return runner.submit("fill", {"image": png()}, {}).id


def timed(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


async def settled(condition):
    while not condition():
        await asyncio.sleep(0.01)


def test_many_listeners_hear_each_the_newest_and_the_end(runner, job):
    heard = [[] for _ in range(100)]

    async def listen(streams, told):
        async for one in streams.changes(runner, job):
            told.append(one.state)

    async def talk():
        streams = Streams()
        listeners = [asyncio.create_task(listen(streams, told)) for told in heard]
        await settled(lambda: all(told == ["queued"] for told in heard))
        await asyncio.to_thread(runner.change, job, state="running")  # the runner's threads tell
        await settled(lambda: all(told == ["queued", "running"] for told in heard))
        await asyncio.to_thread(runner.finish, job)
        await asyncio.gather(*listeners)

    timed(talk())
    assert all(told == ["queued", "running", "done"] for told in heard)
    assert runner.listeners[job] == []


def test_no_more_than_ten_a_second_and_the_end_at_once(runner, job):
    async def talk():
        told = []

        async def listen():
            async for one in Streams().changes(runner, job):
                told.append((asyncio.get_running_loop().time(), one))

        listener = asyncio.create_task(listen())
        await settled(lambda: runner.listeners.get(job))
        for number in range(100):
            runner.change(job, stage=f"step {number}")
            await asyncio.sleep(0.005)
        ended = asyncio.get_running_loop().time()
        runner.finish(job)
        await listener
        return told, ended

    told, ended = timed(talk())
    assert told[-1][1].state == "done"
    assert told[-1][0] - ended < 0.2  # the end is told at once
    assert 10 <= len(told) < 35  # of 101; at once the first ten, and then ten a second
    assert all(later - early > 0.9 for (early, _), (later, _) in zip(told, told[10:-1], strict=False))


def test_a_change_while_the_job_is_looked_up_is_not_lost(runner, job, monkeypatch):
    get = runner.get

    def slow(job_id):
        found = get(job_id)
        if found.state == "queued":
            runner.finish(job_id)  # which is told before `found` arrives
            time.sleep(0.05)
        return found

    monkeypatch.setattr(runner, "get", slow)

    async def talk():
        return [told.state async for told in Streams().changes(runner, job)]

    assert timed(talk()) == ["done"]


def test_only_what_is_newer_than_the_listener_knows_is_told(runner, job):
    runner.change(job, stage="seen")
    runner.finish(job)

    async def talk(after):
        return [told.revision async for told in Streams().changes(runner, job, after=after)]

    assert timed(talk(1)) == [2]
    assert timed(talk(2)) == []


def test_silence_is_broken_by_a_comment_and_a_removed_job_ends_its_stream(runner, job, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)

    lines = []

    async def receive():
        await asyncio.sleep(20)

    async def send(message):
        lines.append(message.get("body", b"").decode())
        if len(lines) == 4:
            runner.remove(job)

    timed(event_response(Streams().changes(runner, job))({"type": "http", "method": "GET"}, receive, send))
    assert lines[1].startswith("id: 0\nevent: job\ndata: {")
    assert lines[2:4] == [": nothing new\n\n"] * 2
    assert lines[-1] == ""
    assert runner.listeners[job] == []


def test_the_end_of_the_server_ends_all_streams(runner, job):
    async def talk():
        streams = Streams()
        changes = streams.changes(runner, job)
        assert (await anext(changes)).state == "queued"
        waiting = asyncio.create_task(anext(changes))
        await asyncio.sleep(0.05)
        streams.end()
        with pytest.raises(StopAsyncIteration):
            await waiting

    timed(talk())
    assert runner.listeners[job] == []


def test_a_listener_that_goes_away_is_forgotten(client, runner, job):
    """Over the application itself, as uvicorn tells it of a closed connection."""
    scope = {
        "type": "http", "method": "GET", "path": f"/api/jobs/{job}/events", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"localhost")], "server": ("localhost", 80), "client": ("127.0.0.1", 5),
        "http_version": "1.1", "root_path": "",
    }  # fmt: skip

    async def talk():
        left, begun = asyncio.Event(), [{"type": "http.request", "body": b""}]

        async def receive():
            if begun:
                return begun.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            pass

        asking = asyncio.create_task(client.app(scope, receive, send))
        await settled(lambda: runner.listeners.get(job))
        left.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        await settled(lambda: not runner.listeners[job])

    timed(talk())
