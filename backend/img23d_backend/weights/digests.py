"""Hashes as the hub names them: "sha256:…" of a large file's bytes, "git-sha1:…" of a small file as a git blob."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

_BLOCK = 4 << 20  # bytes; a cancel is seen between two


def sha256(hexadecimal: str) -> str:
    return f"sha256:{hexadecimal}"


def git_sha1(hexadecimal: str) -> str:
    return f"git-sha1:{hexadecimal}"


def digest_of(path: Path, kind: str, advance: Callable[[int], None]) -> str:
    """The digest of a file in the given kind. `advance` is told of every block's bytes and may raise to stop."""
    algorithm = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            algorithm.update(block)
            advance(len(block))
    return f"{kind}:{algorithm.hexdigest()}"


def has_digest(path: Path, digest: str, advance: Callable[[int], None]) -> bool:
    """Whether the file has that digest; reads every byte."""
    return digest_of(path, digest.partition(":")[0], advance) == digest
