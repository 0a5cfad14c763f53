"""Putting torch into the environment: from the first source that has the build, with hashes wherever they are known beforehand.

A build's wheel and the libraries that it needs are two locks. The libraries come from the package index, which has them all;
PyTorch's own index repeats some of them in other files with other hashes (such as triton and nvidia-nvtx-cu12).

Not every build has hashes that could be known: PyTorch's index names none for some files (for cu132 of 2.13.0 none at all, for
cu130 none either; those of cu130 are from public projects that computed them from the files), and has named wrong ones
(pytorch/pytorch issues 164347, 167833, 173099, 181056). What is not known is installed without, and the artist is told.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from img23d_protocol.environment import PACKAGES_LOCK

from .guarded import Ended
from .locks import canonical, lock_path, locked_packages
from .torch_builds import DEFAULT, PROCESSOR, TORCH_VERSION, backends
from .uv_program import SHORT_TIMEOUTS, Uv

# Wheels of a build with a lock whose hash is not known: (build, platform, Python)
_UNKNOWN = {("cu130", "win32", (3, 11))}
_LIBRARIES = {"cu126": "cu126", "cu130": "cu130", "cu132": "cu132", DEFAULT: "cu130"}  # of the build -> whose they are

_UNCHECKED = (
    "This build of PyTorch is published without checksums that could be known beforehand: "
    "it was checked by nothing but the secure connection that it came over."
)
_PLANNED = re.compile(rf"torch=={re.escape(TORCH_VERSION)}\+([\w.]+)")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """`locks` are the names of the lock files that were used; `ended` is of the last program."""

    ended: Ended
    locks: tuple[str, ...] = ()


def lock_of(tag: str) -> str:
    """The name of a build's lock file, which may not exist."""
    return f"torch/{tag}"


def install_torch(uv: Uv, tag: str, python: tuple[int, int], notify: Callable[[str], None]) -> Installed:
    """From PyTorch's index, a studio's own, or at last the default one: a proxy may let pass only that."""
    for lock, arguments in _sources(tag, python):
        if uv.install(*arguments, "--dry-run", timeouts=SHORT_TIMEOUTS).status == 0:
            if not lock:
                notify(_UNCHECKED)
            return _with_libraries(uv, tag, lock, uv.install(*arguments))
    return _with_libraries(uv, DEFAULT, lock_of(DEFAULT), uv.install(*_hashed(lock_of(DEFAULT))))


def _sources(tag: str, python: tuple[int, int]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The lock, empty for a build without one, and uv's arguments."""
    lock = lock_of(tag)
    has_hashes = lock_path(lock).is_file() and (tag, sys.platform, python) not in _UNKNOWN
    for backend in backends(tag):
        if has_hashes:
            yield lock, (*_hashed(lock), "--torch-backend", backend)
            yield lock, _hashed(lock)
        else:
            dependencies = ("--no-deps",) if tag in _LIBRARIES else ("--constraints", str(lock_path(PACKAGES_LOCK)))
            yield "", (f"torch=={TORCH_VERSION}", *dependencies, "--torch-backend", backend)


def _with_libraries(uv: Uv, tag: str, lock: str, ended: Ended) -> Installed:
    """After torch the libraries that the build does not have inside."""
    locks = (lock,) if lock else ()
    if ended.status != 0 or tag not in _LIBRARIES or sys.platform != "linux":
        return Installed(ended=ended, locks=locks)
    libraries = lock_of(_LIBRARIES[tag] + "-libraries")
    return Installed(ended=uv.install(*_hashed(libraries)), locks=(*locks, libraries))


def _hashed(lock: str) -> tuple[str, ...]:
    return ("--no-deps", "--require-hashes", "--requirements", str(lock_path(lock)))


def planned_build(uv: Uv) -> str:
    """The build that uv would choose for this machine; the processor's where it cannot say."""
    planned = uv.install(f"torch=={TORCH_VERSION}", "--no-deps", "--torch-backend", "auto", "--dry-run", timeouts=SHORT_TIMEOUTS)
    found = _PLANNED.search(planned.text) if planned.status == 0 else None
    return found[1] if found else PROCESSOR


def remove_torch(uv: Uv) -> None:
    """With the libraries that it alone brought along, which are gigabytes."""
    locked = locked_packages()
    extra = [name for name in uv.installed() if canonical(name) not in locked]
    if extra:
        uv.uninstall(*extra)
