"""Weights that other programs have downloaded: the hub client's own cache, and hy3dgen's folder. They are used in place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .digests import git_sha1, sha256
from .hub import HubFile, Listing

_SHA256, _SHA1 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")


def folders(repository: str, environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Folders that may hold the repository's files under their own paths."""
    yield from sorted(_snapshots(repository, environment))
    hy3dgen = Path(environment.get("HY3DGEN_MODELS") or "~/.cache/hy3dgen").expanduser() / repository
    if hy3dgen.is_dir():
        yield hy3dgen


def listing(repository: str, commit: str, environment: Mapping[str, str] = os.environ) -> Listing | None:
    """What the hub client's cache knows of a commit without the hub: its files are links to blobs named by their hashes.

    None where there is no such folder, or where the system has no links.
    """
    for folder in _snapshots(repository, environment):
        if folder.name == commit:
            files = [_linked_file(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()]
            if files and None not in files:
                return Listing(commit=commit, files=tuple(file for file in files if file is not None))
    return None


def _snapshots(repository: str, environment: Mapping[str, str]) -> list[Path]:
    snapshots = _hub_cache(environment) / f"models--{repository.replace('/', '--')}" / "snapshots"
    return [folder for folder in snapshots.iterdir() if folder.is_dir()] if snapshots.is_dir() else []


def _hub_cache(environment: Mapping[str, str]) -> Path:
    """Where huggingface_hub keeps its files, by the same variables."""
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    home = environment.get("HF_HOME") or os.path.join(cache, "huggingface")
    named = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")
    return Path(os.path.expandvars(named)).expanduser()


def _linked_file(folder: Path, path: Path) -> HubFile | None:
    blob = path.resolve().name
    if _SHA256.fullmatch(blob):
        digest = sha256(blob)
    elif _SHA1.fullmatch(blob):
        digest = git_sha1(blob)
    else:
        return None
    return HubFile(name=path.relative_to(folder).as_posix(), size=path.stat().st_size, digest=digest)
