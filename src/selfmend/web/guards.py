"""What stands before the application: who may ask, from which page, how much may come, and headers of all answers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser

from selfmend.web.access import Access
from selfmend.web.errors import Refused, error_response, server_fault

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
_WRAPPING = 2**17
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def session_of(token: str) -> str:
    """What the cookie holds: it proves the token without telling it."""
    return hmac.new(token.encode(), b"selfmend session", hashlib.sha256).hexdigest()


def same_secret(came: str, secret: str) -> bool:
    """Whether both are equal, in a time that does not tell how far they are."""
    return hmac.compare_digest(came.encode("utf-8", "surrogateescape"), secret.encode())


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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

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
        try:
            self._check(scope, headers)
            await self.app(scope, self._limited(headers, receive), guarded)
        except Refused as error:
            answer = error_response(error.status_code, error.detail, path=scope["path"], headers=error.headers)
            await answer(scope, receive, guarded)
        except Exception as error:
            fault = server_fault(scope["path"], error)
            if started:
                raise  # the answer is half sent: all that can be done is to cut it off
            await fault(scope, receive, guarded)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if not self.access.allows_host(_name(host)):
            raise Refused(403, f"this server does not answer to the name {host!r}; start it with --allow-host NAME")
        if scope["method"] not in _READING:
            self._check_origin(host, headers)
        if self.access.token is not None and not self._is_open(scope["path"]) and not self._shown(scope, headers):
            raise Refused(
                401, "this server needs its token: Authorization: Bearer TOKEN", **{"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self.max_body:
            raise self._too_large()

    def _check_origin(self, host: str, headers: Headers) -> None:
        """A page of another site must change nothing here, though the browser sends it with the user's cookie."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}"):
            raise Refused(403, f"a page of {origin!r} may not use this server")
        if site not in ("same-origin", "none"):
            raise Refused(403, "a page of another site may not use this server")

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

    def _limited(self, headers: Headers, receive: Receive) -> Receive:
        """`receive`, which stops when more came than fits, whatever the client said beforehand."""
        came = 0

        async def counted() -> Any:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self.max_body:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> Refused:
        most = self.max_bytes / 1e6
        return Refused(413, f"the request has more than {most:g} MB of files; send less, or start with --max-mb")


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
