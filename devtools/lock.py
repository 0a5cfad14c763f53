"""The locks of the learned environment: compiled with uv from what people write, one for all platforms and Pythons.

No index's address gets into them: where packages come from is the business of the machine that installs. Below `torch` lie
those of torch's builds and of the libraries that come with each: one build is installed, and none of the others.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from . import environment
from .places import BACKEND, ROOT
from .running import DevError, clean_environment, output_of, run

SOURCES = BACKEND / "requirements"
LOCKS = BACKEND / "img23d_backend" / "setup" / "locks"
TORCH_DEFAULT = "default"
WITHOUT_DEPENDENCIES = {"hunyuan3d", TORCH_DEFAULT}  # the first one's own list asks for a web server and a compiler
NEVER = ("torch", "torchvision")  # their build depends on the machine
OWN_SOURCES = {"UV_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_INDEX_STRATEGY"}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # Blender's, and the one that the installer fetches
TORCH = "torch"  # the folder of its locks
TORCH_TAGS = ("cpu", "cu126", "cu130")  # the builds whose hashes are known beforehand
PLATFORMS = ("x86_64-manylinux_2_28", "x86_64-pc-windows-msvc", "aarch64-apple-darwin")


def compile_locks(*, upgrade: bool = False) -> list[Path]:
    """Write every lock anew; versions stay as they are unless `upgrade`. Raises DevError, also where a wheel is missing."""
    written = []
    for source in sorted(SOURCES.glob("*.in")):
        lock = LOCKS / f"{source.stem}.txt"
        _compile(source, lock, upgrade)
        check_lock(lock)
        written.append(lock)
    return [*written, *_compile_torch(upgrade=upgrade)]


def _compile_torch(*, upgrade: bool) -> list[Path]:
    """The locks below `torch`. A build's own is kept as it is where PyTorch's index cannot be asked, or says no hashes."""
    written = []
    for source in sorted((SOURCES / TORCH).glob("*.in")):
        lock = LOCKS / TORCH / f"{source.stem}.txt"
        _compile(source, lock, upgrade)
        check_torch_lock(lock)
        written.append(lock)
    for tag in TORCH_TAGS:
        lock = LOCKS / TORCH / f"{tag}.txt"
        if not _ask_for_hashes(tag, lock):
            print(f"{lock.name} is kept: PyTorch's index cannot be reached from here, or names no hashes for {tag}.")
        check_torch_lock(lock)
        written.append(lock)
    return written


def _ask_for_hashes(tag: str, lock: Path) -> bool:
    """Write the lock of one build anew. False where its index does not give a hash for every wheel that is needed."""
    with tempfile.TemporaryDirectory() as folder:
        source, draft = Path(folder) / "torch.in", Path(folder) / lock.name
        source.write_text(f"torch=={_torch_version()}\n", encoding="utf-8")
        command = [_uv(), *_COMPILE, "--no-deps", "--torch-backend", tag, source, "--output-file", draft]
        done = output_of(command, env=_variables())
        if done.returncode or draft.read_text(encoding="utf-8").count("--hash=") < len(PYTHONS) * 2:
            return False
        lock.write_text(draft.read_text(encoding="utf-8"), encoding="utf-8")
        return True


def check_torch_lock(lock: Path) -> None:
    """Hashes for everything and no address. Raises DevError."""
    text = lock.read_text(encoding="utf-8")
    if "://" in text or not all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text.strip())):
        raise DevError(f"{lock.name} must hold versions with hashes, and nothing else.")


def _torch_version() -> str:
    return re.findall(r"^torch==(\S+)", (SOURCES / TORCH / "default.in").read_text(encoding="utf-8"), re.MULTILINE)[0]


def check_lock(lock: Path) -> None:
    """Hashes for everything, nothing that must not be in it, and wheels for every platform and Python. Raises DevError."""
    text = lock.read_text(encoding="utf-8")
    if "://" in text:
        raise DevError(f"{lock.name} names an address; it must hold versions and hashes only.")
    for name in NEVER:
        if re.search(rf"^{name}==", text, re.MULTILINE):
            raise DevError(f"{lock.name} pins {name}; the installer chooses its build.")
    for platform in PLATFORMS:
        for python in PYTHONS:
            _need_wheels(lock, platform, python)


_COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", PYTHONS[0]),
    *("--fork-strategy", "fewest"),  # one version of each for all Pythons, so that all are the one that is tested
    *("--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header", "--only-binary", ":all:"),
)


def _compile(source: Path, lock: Path, upgrade: bool) -> None:
    command: list[str | Path] = [_uv(), *_COMPILE]
    command += ["--excludes", SOURCES / "excludes.txt"] if source.stem != TORCH_DEFAULT else []
    command += ["--no-deps"] if source.stem in WITHOUT_DEPENDENCIES else []
    command += ["--upgrade"] if upgrade else []
    run([*command, source, "--output-file", lock], env=_variables(), cwd=ROOT, hint=f"{source.name} cannot be resolved: see above.")


def _need_wheels(lock: Path, platform: str, python: str) -> None:
    command: list[str | Path] = [_uv(), "pip", "install", "--dry-run", "--python-platform", platform, "--python-version", python]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirements", lock]
    with tempfile.TemporaryDirectory() as empty:
        done = output_of([*command, "--python", environment.plain_python(), "--target", empty], env=_variables())
    if done.returncode:
        raise DevError(f"{lock.name} cannot be installed on {platform} with Python {python}:\n{done.stderr.strip()}")


def _uv() -> Path:
    return environment.installed_uv()


def _variables() -> dict[str, str]:
    """Without what this machine has of its own: a folder of wheels knows the hashes of its few files only."""
    variables = clean_environment(**environment.uv_variables())
    return {name: value for name, value in variables.items() if name not in OWN_SOURCES}
