"""A server in a thread of the tests."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def another_server(runner: Any, *, token: str | None = None, shared: Any = None) -> Iterator[str]:
    """The application over a runner that is there already; its address."""
    import uvicorn

    from selfmend.server.app import create_app
    from selfmend.server.security import Access

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # what comes before the application is loaded waits instead of being refused
    app = create_app(runner, access=Access(token=token), shared=shared)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
