"""The pinned wheels of the zip: read from the lock, fetched by pip, used only when their hash is right."""

from __future__ import annotations

import hashlib
import platform
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .places import WHEELS
from .running import DevError, run

LOCK = WHEELS / "wheels.lock.toml"
PLATFORMS = ("linux-x64", "windows-x64", "macos-arm64")  # as Blender calls them


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One line of the lock. `tag` is pip's term for the platform."""

    name: str
    version: str
    platform: str
    tag: str
    file: str
    sha256: str


def read_lock(path: Path = LOCK) -> tuple[Wheel, ...]:
    with path.open("rb") as file:
        return tuple(Wheel(**row) for row in tomllib.load(file)["wheel"])


def host_platform() -> str:
    """This machine in Blender's words. Raises DevError where no zip is made for it."""
    system = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}.get(platform.system(), "?")
    machine = {"x86_64": "x64", "AMD64": "x64", "arm64": "arm64", "aarch64": "arm64"}.get(platform.machine(), "?")
    name = f"{system}-{machine}"
    if name not in PLATFORMS:
        raise DevError(f"Img23D has no zip for {platform.system()} on {platform.machine()}; there is: {', '.join(PLATFORMS)}.")
    return name


def fetch(platforms: Iterable[str], *, folder: Path = WHEELS, lock: Path = LOCK) -> list[Path]:
    """The wheels of these platforms as files in `folder`, downloading what is not there yet."""
    wanted = [wheel for wheel in read_lock(lock) if wheel.platform in set(platforms)]
    for wheel in wanted:
        if not is_intact(folder / wheel.file, wheel):
            _download(wheel, folder)
    return [folder / wheel.file for wheel in wanted]


def is_intact(path: Path, wheel: Wheel) -> bool:
    """There, and byte by byte what the lock says."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == wheel.sha256


def _download(wheel: Wheel, folder: Path) -> None:
    (folder / wheel.file).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch) / "wheel.txt"
        pinned.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", pinned]
        command += ["--platform", wheel.tag, "--implementation", "cp", "--abi", "abi3", "--python-version", "3.11"]
        run([*command, "--dest", folder], hint=f"{wheel.file} could not be fetched: is this machine online, and is pip up to date?")
    if not is_intact(folder / wheel.file, wheel):
        raise DevError(f"{wheel.file} is not what {LOCK.name} says, so it is not used.")
