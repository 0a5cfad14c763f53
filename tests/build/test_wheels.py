"""The lock: one wheel a platform, none tied to a Python version, each at peace with Blender's NumPy."""

from __future__ import annotations

import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from devtools import wheels
from devtools.running import DevError

LOCKED = wheels.read_lock()
# Blender's Python and the NumPy that it brings: 4.2 to 5.0 LTS builds, 5.1, 5.2
BLENDERS = {"3.11": "1.26.4", "3.13": "2.2.4", "3.14": "2.4.0"}
MARKERS = {
    "linux-x64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "windows-x64": {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    "macos-arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}


def test_every_platform_gets_the_same_packages():
    per_platform = {name: {(w.name, w.version) for w in LOCKED if w.platform == name} for name in wheels.PLATFORMS}
    assert all(per_platform.values())
    assert len({frozenset(packages) for packages in per_platform.values()}) == 1


@pytest.mark.parametrize("wheel", LOCKED, ids=lambda wheel: f"{wheel.name} {wheel.platform}")
def test_no_wheel_is_tied_to_one_python(wheel):
    name, version, _, tags = parse_wheel_filename(wheel.file)
    assert (str(name), str(version)) == (wheel.name, wheel.version)
    assert all(tag.abi in ("abi3", "none") for tag in tags)
    assert all(tag.interpreter.startswith("py3") or int(tag.interpreter[3:]) <= 11 for tag in tags)


@pytest.mark.parametrize("python", BLENDERS)
def test_blenders_numpy_is_enough(python):
    paths = wheels.fetch([wheels.host_platform()])
    marker = MARKERS[wheels.host_platform()] | {"python_version": python, "python_full_version": f"{python}.0"}
    needs = [need for path in paths for need in _needs(path) if need.marker is None or need.marker.evaluate(marker)]
    assert needs and all(need.name == "numpy" for need in needs), "the zip would have to bring more"
    assert all(need.specifier.contains(BLENDERS[python]) for need in needs)


def _needs(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def test_a_changed_file_is_refused(tmp_path):
    wheel = next(wheel for wheel in LOCKED if wheel.platform == "linux-x64")
    (tmp_path / wheel.file).write_bytes(b"not this")
    assert not wheels.is_intact(tmp_path / wheel.file, wheel)


def test_an_unknown_machine_is_one_sentence(monkeypatch):
    monkeypatch.setattr(wheels.platform, "machine", lambda: "riscv64")
    with pytest.raises(DevError, match="no zip for .* on riscv64"):
        wheels.host_platform()
