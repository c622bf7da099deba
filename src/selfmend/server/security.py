"""Who gets in: address, token, cookie, origin, how much a request may bring, and the headers of all answers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, cookie_parser

from selfmend.errors import OptionError
from selfmend.server.connections import body_deadline
from selfmend.server.errors import ENDS, RequestError, error_response, server_fault

DEFAULT_PORT = 8418
MIN_TOKEN = 16


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the server listens and who gets in.

    Attributes:
        host: the address that it binds to.
        port: of that address; 0 takes a free one.
        token: the secret that a client must show; None lets everybody in who reaches the address.
        allowed_hosts: further names under which clients may reach the server.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            example = 'python -c "import secrets; print(secrets.token_urlsafe())"'
            raise OptionError(
                f"--host {self.host} lets other machines in; add --token with a secret, such as {example} prints"
            )
        if self.token is not None and len(self.token) < MIN_TOKEN:
            raise OptionError(f"the token has {len(self.token)} characters; at least {MIN_TOKEN} fit")

    def allows_host(self, name: str) -> bool:
        """Whether a request may be meant for `name`, which is the Host header without its port.

        A page elsewhere can let its own name point to this machine (DNS rebinding), and would then be of the same
        origin as the server: so names must be known. An address cannot be rebound.
        """
        name = name.strip("[]").rstrip(".").lower()
        known = {self.host.lower(), *(host.lower() for host in self.allowed_hosts)}
        return is_loopback(name) or name in known or (_is_wildcard(self.host) and _is_address(name))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host.lower() == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_wildcard(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


COOKIE = "selfmend_session"
OPEN_PATHS = ("/", "/api/health", "/api/login", "/favicon.ico")
_READING = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WRAPPING = 2**17  # bytes around the files of a request: other fields, boundaries
_AT_ONCE = 4  # of the largest requests, whose bodies may be held at once
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def session_of(token: str) -> str:
    """What the cookie holds: it proves the token without telling it."""
    return hmac.new(token.encode(), b"selfmend session", hashlib.sha256).hexdigest()


def same_secret(came: str, secret: str) -> bool:
    """Whether both are equal, in a time that does not tell how far they are."""
    return hmac.compare_digest(came.encode("utf-8", "surrogateescape"), secret.encode())


class Attempts:
    """Counts what one address got wrong, so that it cannot try for ever.

    Args:
        most: wrong ones within `seconds`.
        seconds: after which they are forgotten.
    """

    _ADDRESSES = 10_000  # that are remembered

    def __init__(self, *, most: int = 10, seconds: float = 60.0) -> None:
        self._most, self._seconds = most, seconds
        self._wrong: dict[str, list[float]] = {}

    def check(self, address: str, now: float) -> None:
        """Refuse an address that was wrong too often.

        Raises:
            RequestError: 429, with the seconds to wait.
        """
        recent = [then for then in self._wrong.get(address, ()) if now - then < self._seconds]
        if len(recent) >= self._most:
            wait = str(int(recent[0] + self._seconds - now) + 1)
            raise RequestError(429, f"too many wrong tokens; try again in {wait} s", **{"Retry-After": wait})

    def wrong(self, address: str, now: float) -> None:
        """It was wrong once more."""
        recent = [then for then in self._wrong.pop(address, ()) if now - then < self._seconds]
        self._wrong[address] = [*recent, now][-self._most :]
        while len(self._wrong) > self._ADDRESSES:
            del self._wrong[next(iter(self._wrong))]


class Guards:
    """Wraps an application: refuses what must not reach it, and adds the headers that every answer has.

    Args:
        app: what is guarded.
        access: who gets in.
        max_bytes: of the files in a request; base64 and what is around them may come on top.
    """

    def __init__(self, app: Any, *, access: Access, max_bytes: int) -> None:
        self.app, self.access, self.max_bytes = app, access, max_bytes
        self.max_body = max_bytes * 4 // 3 + _WRAPPING
        self._coming = 0  # bytes of all bodies that are being read

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        if scope["method"] == "HEAD" and not scope["path"].endswith("/events"):
            scope = {**scope, "method": "GET"}  # the answer's body is left out further out, by the server or below

        async def guarded(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        body = _Body(self, receive)
        try:
            self._check(scope, headers)
            with contextlib.suppress(ClientDisconnect):  # in the middle of its body: nobody is there to be told
                await self.app(scope, body.receive, guarded)
        except RequestError as error:
            answer = error_response(error.status_code, error.detail, path=scope["path"], headers=error.headers)
            await answer(scope, receive, guarded)
        except asyncio.CancelledError:  # the server ends, and this took longer than its patience
            if started:
                raise
            await error_response(503, ENDS, path=scope["path"])(scope, receive, guarded)
        except Exception as error:
            fault = server_fault(scope["path"], error)
            if started:
                raise  # the answer is half sent: all that can be done is to cut it off
            await fault(scope, receive, guarded)
        finally:
            body.release()

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if not self.access.allows_host(_name(host)):
            raise RequestError(
                403, f"this server does not answer to the name {host!r}; start it with --allow-host NAME"
            )
        if scope["method"] not in _READING:
            self._check_origin(host, headers)
        if self.access.token is not None and not self._is_open(scope["path"]) and not self._shown(scope, headers):
            raise RequestError(
                401, "this server needs its token: Authorization: Bearer TOKEN", **{"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self.max_body:
            raise self._too_large()

    def _check_origin(self, host: str, headers: Headers) -> None:
        """A page of another site must change nothing here, though the browser sends it with the user's cookie."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}"):
            raise RequestError(403, f"a page of {origin!r} may not use this server")
        if site not in ("same-origin", "none"):
            raise RequestError(403, "a page of another site may not use this server")

    def _is_open(self, path: str) -> bool:
        return path in OPEN_PATHS or path.startswith("/static/")

    def _shown(self, scope: Scope, headers: Headers) -> bool:
        token = self.access.token or ""
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same_secret(bearer.strip(), token):
            return True
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        if cookie and same_secret(cookie, session_of(token)):
            return True
        if scope["method"] not in _READING:
            return False
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        return same_secret(asked, token)

    def take(self, count: int, came: int) -> None:
        """Let `count` further bytes of a body come that then has `came`, whatever the client said beforehand.

        Raises:
            RequestError: too much for one request, or for all at once.
        """
        if came > self.max_body:
            raise self._too_large()
        if self._coming + count > _AT_ONCE * self.max_body:
            raise RequestError(503, "too much is being sent at once; try again in a moment")
        self._coming += count

    def give_back(self, count: int) -> None:
        """That much has been dealt with."""
        self._coming -= count

    def _too_large(self) -> RequestError:
        most = self.max_bytes / 1e6
        return RequestError(413, f"the request has more than {most:g} MB of files; send less, or start with --max-mb")


class _Body:
    """The body of one request, counted while it comes and until it has been dealt with."""

    def __init__(self, guards: Guards, receive: Receive) -> None:
        self._guards, self._receive = guards, receive
        self._came, self._held, self._whole = 0, 0, False
        self._began = time.monotonic()

    async def receive(self) -> Any:
        """The next piece."""
        if self._whole:  # whoever asks for more than the body waits for the client to go
            self.release()
        message = await self._next()
        count = len(message.get("body", b""))
        self._guards.take(count, self._came + count)
        self._came, self._held = self._came + count, self._held + count
        self._whole = not message.get("more_body", False)
        return message

    async def _next(self) -> Any:
        if self._whole:
            return await self._receive()
        left = self._began + body_deadline(self._came) - time.monotonic()
        try:
            return await asyncio.wait_for(self._receive(), max(0.0, left))
        except TimeoutError as error:
            raise RequestError(408, "the request came too slowly; send it again", Connection="close") from error

    def release(self) -> None:
        """Nothing of it is held any more."""
        self._guards.give_back(self._held)
        self._held = 0


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
