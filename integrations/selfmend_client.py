"""Asks a running `selfmend serve` for fills: one file with nothing but Python's own library, for plug-ins."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any

DEFAULT_ADDRESS = "http://127.0.0.1:8418"
FAILED = {"failed": "the job failed", "cancelled": "the job was cancelled on the server"}
OFTEN, SELDOM, SOON = 0.1, 0.5, 3.0  # seconds between two looks at a job: in its first SOON seconds, and after
LARGEST_ANSWER = 2**31

Progress = Callable[[Mapping[str, Any]], None]
"""Takes the job as the server describes it, several times a second; raising from it stops the job on the server."""


class ServerError(Exception):
    """Whatever the server or the way to it refuses; the message is one line for a person."""


class NoServerError(ServerError):
    """Nothing answers, or what answers is no Selfmend server."""


class AccessError(ServerError):
    """The server wants a token, or another one."""


class BusyError(ServerError):
    """The server's queue is full."""


class JobError(ServerError):
    """The work itself failed, was cancelled by somebody else, or took too long."""


class Client:
    """A Selfmend server at an address.

    Args:
        address: where it is, such as http://127.0.0.1:8418; without a scheme, http is meant.
        token: what the server was started with as --token, where it was.
        timeout: seconds that one answer may take; not the work, which `fill` waits for.
        patience: seconds that a server may be away during the work, such as for a restart: jobs outlive it.

    Raises:
        NoServerError: an address that can be none.
    """

    def __init__(
        self, address: str = DEFAULT_ADDRESS, *, token: str | None = None, timeout: float = 30, patience: float = 10
    ) -> None:
        self.address = _address(address)
        self.token = (token or "").strip()
        self.timeout, self.patience = timeout, patience
        host = urllib.parse.urlsplit(self.address).hostname
        # A proxy is for the world outside: asked for this machine's own address, it would look at its own.
        proxies = [urllib.request.ProxyHandler({})] if host in ("localhost", "127.0.0.1", "::1") else []
        self._opener = urllib.request.build_opener(_NoRedirects, *proxies)

    def methods(self) -> dict[str, Any]:
        """The methods that can fill a picture: {"default": name, "methods": [{"name", "title", "learns", ...}]}."""
        return self._ask("GET", "/api/methods")

    def fill(  # noqa: PLR0913
        self,
        image: bytes,
        mask: bytes,
        *,
        method: str = "",
        seed: int | None = None,
        preset: str = "",
        grow: int = 0,
        options: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        timeout: float | None = None,
        name: str = "picture.png",
    ) -> bytes:
        """Fill the hole of a picture: a file of the same size and format. Nothing stays on the server, however it ends.

        Args:
            image, mask: picture files of the same size; white in the mask is the hole.
            method, preset: names that `methods` lists; "" for the server's own choice.
            seed: the same one gives the same picture; None for the server's own choice.
            grow: pixels by which the hole grows to all sides.
            options: of the method, by name.
            progress: called with the job several times a second; what it raises stops the job and is raised again.
            timeout: seconds for all of it; None for no end.
            name: the file name of the picture, whose ending names its format.

        Raises:
            ServerError: one of its children, see there.
        """
        said = {"method": method, "preset": preset, "seed": seed, "grow_mask": grow or None, "options": options}
        settings = {key: value for key, value in said.items() if value not in ("", None)}
        job = self.submit("fill", {"image": (name, image), "mask": ("mask.png", mask)}, settings=settings)
        try:
            self.wait(job["id"], progress=progress, timeout=timeout)
            result = self.result(job["id"])
        except BaseException:
            self._drop(job["id"])  # cancels it, where it is not over
            self._drop(job["id"])
            raise
        self._drop(job["id"])
        return result

    def submit(
        self, task: str, files: Mapping[str, tuple[str, bytes]], *, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Put a job for a task, such as "fill", into the server's queue, and return it with its "id".

        Args:
            task, settings: what to do, and what that takes as JSON.
            files: field, such as "image", to (file name, content).

        Raises:
            ServerError: one of its children, see there.
        """
        boundary = secrets.token_hex(16)
        fields = [("task", None, task.encode()), ("settings", None, json.dumps(dict(settings)).encode())]
        body = _multipart([*fields, *((field, *file) for field, file in files.items())], boundary)
        return self._ask("POST", "/api/jobs", body=body, content_type=f"multipart/form-data; boundary={boundary}")

    def wait(self, job_id: str, *, progress: Progress | None = None, timeout: float | None = None) -> dict[str, Any]:
        """Wait until a job is done, and return it.

        It asks again and again rather than listening to the server's events: a caller's Cancel is then heard between
        two looks, and a server that is started anew in the middle does no harm.

        Raises:
            JobError: it failed, was cancelled, or was not done after `timeout` seconds.
            ServerError: another of its children, see there.
        """
        began = heard = time.monotonic()
        while True:
            try:
                job = self._ask("GET", f"/api/jobs/{job_id}")
                heard = time.monotonic()
            except NoServerError:
                if time.monotonic() - heard > self.patience:
                    raise
            else:
                if progress is not None:
                    progress(job)
                if job.get("state") == "done":
                    return job
                if job.get("state") in FAILED:
                    raise JobError(" ".join(str(job.get("error") or FAILED[job["state"]]).split()))
            waited = time.monotonic() - began
            if timeout is not None and waited > timeout:
                raise JobError(f"not done after {timeout:g} seconds; a quicker method or a smaller picture may help")
            time.sleep(OFTEN if waited < SOON else SELDOM)

    def result(self, job_id: str, *, index: int = 0) -> bytes:
        """The picture file that a finished job made."""
        return self._send("GET", f"/api/jobs/{job_id}/results/{index}")

    def cancel(self, job_id: str) -> None:
        """Stop a job that waits or runs; remove a finished one with its pictures."""
        self._send("DELETE", f"/api/jobs/{job_id}")

    def _drop(self, job_id: str) -> None:
        """`cancel`, and nothing is said where that fails: the job is gone, or an error is on its way to the user."""
        with contextlib.suppress(ServerError):
            self.cancel(job_id)

    def _ask(self, verb: str, path: str, *, body: bytes | None = None, content_type: str = "") -> dict[str, Any]:
        answer = None
        with contextlib.suppress(ValueError):
            answer = json.loads(self._send(verb, path, body=body, content_type=content_type))
        if not isinstance(answer, dict):
            raise NoServerError(f"what answers at {self.address} is no Selfmend server")
        return answer

    def _send(self, verb: str, path: str, *, body: bytes | None = None, content_type: str = "") -> bytes:
        request = urllib.request.Request(self.address + path, data=body, method=verb)
        if content_type:
            request.add_header("Content-Type", content_type)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return answer.read(LARGEST_ANSWER)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read(2**20)) from None
        except urllib.error.URLError as error:
            raise self._nobody(error.reason, sent=len(body or b"")) from None
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: a token that no header can hold
            raise self._nobody(error, sent=len(body or b"")) from None

    def _nobody(self, reason: Any, *, sent: int) -> ServerError:
        if sent > 2**20 and isinstance(reason, ConnectionError) and not isinstance(reason, ConnectionRefusedError):
            # A server that refuses a large body hangs up in the middle of it: its own words are lost.
            return ServerError(f"the server hung up while {sent / 2**20:.0f} MB were sent; a smaller picture may fit")
        why = " ".join(str(getattr(reason, "strerror", None) or reason or type(reason).__name__).split())
        return NoServerError(f"no Selfmend server answers at {self.address} ({why}); start one with: selfmend serve")

    def _refusal(self, status: int, body: bytes) -> ServerError:
        try:
            said = json.loads(body)["error"]
        except (ValueError, TypeError, KeyError):
            return NoServerError(f"what answers at {self.address} is no Selfmend server (status {status})")
        line = " ".join(str(said).split())
        if status == 401:
            hint = "is not the one of" if self.token else "is wanted by"
            return AccessError(f"a token {hint} the server at {self.address}: {line}")
        return {403: AccessError, 429: BusyError, 503: BusyError}.get(status, ServerError)(line)


class BackgroundFill(threading.Thread):
    """`Client.fill` beside a program whose window must go on drawing; start() it, look at it, and stop() it for Cancel.

    Attributes:
        job: the job as the server last described it; {} before.
        result: the picture file; None as long as there is none.
        error: what the server or the way to it refused; None where nothing.
    """

    def __init__(self, client: Client, image: bytes, mask: bytes, **settings: Any) -> None:
        super().__init__(daemon=True)
        self._fill = lambda: client.fill(image, mask, **settings, progress=self._look)
        self._stopped = threading.Event()
        self.job: Mapping[str, Any] = {}
        self.result: bytes | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """What the thread does."""
        try:
            self.result = self._fill()
        except _StoppedError:
            pass
        except Exception as error:  # the thread that looks on has to tell it; here it would only be printed
            self.error = error

    def stop(self) -> None:
        """Stop the job on the server, and the thread a moment later."""
        self._stopped.set()

    def _look(self, job: Mapping[str, Any]) -> None:
        self.job = job
        if self._stopped.is_set():
            raise _StoppedError


def describe(job: Mapping[str, Any]) -> str:
    """A few words for a progress bar: "3 before it", "scale 3 (57x85), 20 s left"."""
    if job.get("state") == "queued":
        return f"{job['place']} before it" if job.get("place") else "waits"
    parts = [str(job.get("stage") or "at work")]
    if job.get("seconds_left") is not None:
        parts.append(f"{job['seconds_left']:.0f} s left")
    return ", ".join(parts)


class _StoppedError(Exception):
    """BackgroundFill.stop was called."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows none: the token would go along to wherever it points."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _address(text: str) -> str:
    """`text` as scheme://host:port/path without a slash at the end."""
    text = text.strip()
    text = text if "://" in text else f"http://{text}"
    try:
        parts = urllib.parse.urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        fits = False
    if not fits:
        raise NoServerError(f"{text!r} is no address of a server; one such as {DEFAULT_ADDRESS} fits")
    return text.rstrip("/")


def _multipart(fields: Iterable[tuple[str, str | None, bytes]], boundary: str) -> bytes:
    """(name, file name or None, content) of each as the body of a form."""
    parts = []
    for name, file_name, content in fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if file_name is not None:
            safe = file_name.translate({ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"})
            head += f'; filename="{safe}"\r\nContent-Type: application/octet-stream'
        parts += [head.encode(), b"\r\n\r\n", content, b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()])
