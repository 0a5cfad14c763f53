"""Other machines that the work can be done on: how each is reached, and its token in a file of its own that nobody else can read."""

from __future__ import annotations

import contextlib
import re
import secrets
from pathlib import Path

from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.machines.address import Address, read_address
from ..shared.img23d_protocol.values import Value

_KEY = re.compile(r"[0-9a-f]{16}")
_LONGEST_TOKEN = 1000  # letters


class Machine(Value):
    """What a link to it is made with. `token_file` need not be there: a server on the same machine may ask for no token."""

    name: str
    address: Address
    token_file: Path
    certificate: Path | None = None


class Tested(Value):
    """What came of a test of the connection."""

    sentence: str
    is_good: bool = False
    is_over: bool = True


def new_key() -> str:
    """Names a machine in the preferences, and its token's file."""
    return secrets.token_hex(8)


def token_path(folder: Path, key: str) -> Path:
    """Raises Img23DError(BAD_REQUEST) for a key that is none: it becomes a file's name."""
    if not _KEY.fullmatch(key):
        raise Img23DError(ErrorCode.BAD_REQUEST, "This machine is not in the list any more.")
    return folder / f"{key}.token"


def read_token(folder: Path, key: str) -> str:
    """Empty where there is none."""
    with contextlib.suppress(OSError, Img23DError, UnicodeDecodeError):
        return token_path(folder, key).read_text(encoding="utf-8").strip()[:_LONGEST_TOKEN]
    return ""


def write_token(folder: Path, key: str, token: str) -> None:
    """For its owner only; an empty one takes the file away. Raises OSError, Img23DError."""
    from ..shared.img23d_protocol.files.whole_files import write_whole

    path = token_path(folder, key)
    if not token.strip():
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, token.strip()[:_LONGEST_TOKEN].encode(), private=True)


def machine_of(*, name: str, address: str, key: str, certificate: str, folder: Path) -> Machine:
    """Raises Img23DError(BAD_REQUEST)."""
    trusted = Path(certificate) if certificate.strip() else None
    return Machine(name=name, address=read_address(address), token_file=token_path(folder, key), certificate=trusted)
