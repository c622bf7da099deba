"""A server as a process: it answers before anything heavy is loaded, and ends with all unfinished jobs kept."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from selfmend.errors import OptionError
from selfmend.interrupts import ENDING
from selfmend.jobs.job import Limits
from selfmend.jobs.runner import Runner
from selfmend.server.app import create_app
from selfmend.server.catalogue import catalogue
from selfmend.server.connections import PatientProtocol
from selfmend.server.security import Access
from selfmend.server.shared_files import SharedFiles

_GRACE = 3  # seconds for answers that are half sent when the server is to end
_WARM_AFTER = 2.0  # seconds: the page comes first, for loading torch holds everything else up
_BACKLOG = 128
_CONNECTIONS = 500  # of them, event streams too; a process may often have 1024 files open


def serve(
    runner: Runner,
    *,
    access: Access,
    limits: Limits,
    say: Callable[[str], None],
    opened: Callable[[str], None] | None = None,
    shared: SharedFiles | None = None,
) -> None:
    """Answer until Ctrl-C, SIGTERM or SIGHUP.

    Args:
        runner: does the jobs; it is started and stopped here.
        access: where to listen, and who gets in.
        limits: how much may come.
        say: takes lines for a person.
        opened: called with the page's address when it can be opened.
        shared: pictures of this machine that the page shows, and where it saves.

    Raises:
        OptionError: the address cannot be listened on.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    listening = listen(access)
    address = address_of(access, listening)
    app = create_app(runner, access=access, limits=limits, shared=shared)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", lifespan="off", server_header=False,
        timeout_graceful_shutdown=_GRACE, limit_concurrency=_CONNECTIONS, http=PatientProtocol,
    )  # fmt: skip
    server = _Server(config, ending=app.state.server.streams.end)
    runner.start()
    try:
        say(f"Selfmend is at {address} (Ctrl-C ends it)")
        if opened is not None:
            opened(address)
        threading.Thread(target=_warm, daemon=True).start()
        server.run(sockets=[listening])
    finally:
        listening.close()
        waiting = runner.counts()
        runner.stop()
    say(_farewell(waiting.get("running", 0), waiting.get("queued", 0)))


def serve_app(
    app: Any, *, access: Access, say: Callable[[str], None], opened: Callable[[str], object] | None = None
) -> None:
    """Answer for an application without a queue until Ctrl-C, SIGTERM or SIGHUP; arguments and errors as `serve`."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    listening = listen(access)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", lifespan="off", server_header=False,
        timeout_graceful_shutdown=_GRACE, limit_concurrency=_CONNECTIONS, http=PatientProtocol,
    )  # fmt: skip
    address = address_of(access, listening)
    try:
        say(f"The study is at {address} (Ctrl-C ends it)")
        if opened is not None:
            opened(address)
        _Server(config, ending=lambda: None).run(sockets=[listening])
    finally:
        listening.close()


def listen(access: Access) -> socket.socket:
    """A socket that listens where `access` says.

    Raises:
        OptionError: the port is taken or not allowed, or this machine has no such address.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(
            access.host, access.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # TCP by name: asyncio lets small answers go at once (no Nagle, 40 ms each) only where it is sure of that
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (socket.gaierror, OverflowError) as error:
        raise OptionError(f"--host {access.host} --port {access.port} is no address ({error})") from error
    try:
        if os.name != "nt":  # where it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise OptionError(_unbound(access, error)) from error
    return listening


def _unbound(access: Access, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {access.port} of {access.host} is in use, perhaps by another `selfmend serve`; end that one, or "
            "choose another --port (0 takes a free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {access.port} is not allowed to this user; ports from 1024 on are, such as --port 8418"
    return f"cannot listen on {access.host} port {access.port}: {error.strerror or error}; --host 127.0.0.1 always fits"


def address_of(access: Access, listening: socket.socket) -> str:
    """Where a person finds the page."""
    port = listening.getsockname()[1]
    host = "127.0.0.1" if access.host in ("0.0.0.0", "::", "") else access.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def open_browser(address: str) -> bool:
    """Show a page in the user's browser, where there is a desktop; whether there is one."""
    desktop = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not desktop or os.environ.get("SSH_CONNECTION"):
        return False
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    return True


def _warm() -> None:
    """Load the methods before somebody has to wait for them."""
    time.sleep(_WARM_AFTER)
    catalogue()


def _farewell(running: int, queued: int) -> str:
    if not running and not queued:
        return "ended"
    kept = [f"{running} that ran {'is' if running == 1 else 'are'} back in the queue"] if running else []
    kept += [f"{queued} that waited {'stays' if queued == 1 else 'stay'} there"] if queued else []
    return f"ended; jobs go on at the next start: {', '.join(kept)}"


class _Server(uvicorn.Server):
    """Uvicorn's, which ends event streams at once and leaves the process alive to put its jobs back."""

    def __init__(self, config: uvicorn.Config, *, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets answers end, the second does not."""
        super().handle_exit(sig, frame)
        self._ending()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, without raising the signal again afterwards: SIGTERM would end the process there."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread gets signals
            return
        names = [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]
        before = {name: signal.signal(name, self.handle_exit) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
