"""Who may talk to the server: where it listens, and the token that a listener beyond this machine needs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from selfmend.core.checks import OptionError

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
