"""The address of a machine that runs `img23d serve`, as an artist types it: `workstation`, `10.0.0.5:10006`, `https://render.example:443`."""

from __future__ import annotations

from ..errors import Img23DError, bad_request
from ..values import Value

USUAL_PORT = 10006  # of `img23d serve`
_SCHEMES = ("http", "https")
_UNREADABLE = "The address of the other machine cannot be read: type a name or a number, such as workstation:10006 or https://workstation:10006."


class Address(Value):
    """Where a server listens."""

    host: str
    port: int = USUAL_PORT
    is_secure: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine itself, such as the near end of an SSH tunnel: nothing leaves it then."""
        if self.host == "localhost":
            return True
        import ipaddress  # late: the preferences ask this only where they are open

        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_readable(self) -> bool:
        """Whether others in the network can read what is sent, the token included."""
        return not self.is_secure and not self.is_loopback

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_secure else 'http'}://{host}:{self.port}"


def read_address(text: str) -> Address:
    """Raises Img23DError(BAD_REQUEST), also for what a server's address has nothing of: a log-in, a folder, a question."""
    from urllib.parse import urlsplit

    given = text.strip()
    whole = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise bad_request(_UNREADABLE) from error
    is_odd = not host or any(not sign.isprintable() or sign.isspace() for sign in whole) or not host.isascii()
    if is_odd or parts.scheme not in _SCHEMES or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment or port == 0:
        raise bad_request(_UNREADABLE)
    return Address(host=host, port=port or USUAL_PORT, is_secure=parts.scheme == "https")


def why_unreadable(text: str) -> Img23DError | None:
    """None where the address can be used."""
    try:
        read_address(text)
    except Img23DError as error:
        return error
    return None
