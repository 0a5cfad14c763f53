"""What the extension reads from the disk: the environment's state, uv's program, and which interpreter a backend gets."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from blender_img23d.core.session.environment import EnvironmentState
from blender_img23d.process import installer, launch
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.environment import (
    RECORD_NAME,
    EnvironmentRecord,
    interpreter_in,
    lock_hash,
    write_record,
)

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
LOCKS = BACKEND / installer.LOCKS


@pytest.fixture
def record() -> EnvironmentRecord:
    locks = {"packages": lock_hash(LOCKS, "packages")}
    return EnvironmentRecord(python="3.12.1", base=sys.executable, torch="2.13.0+cpu", torch_build="cpu", locks=locks)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An environment whose interpreter is there and whose record is not."""
    python = interpreter_in(tmp_path)
    python.parent.mkdir(parents=True)
    python.touch()
    return tmp_path


def state(folder: Path, torch_build: str = "") -> EnvironmentState:
    return installer.environment_state(folder, BACKEND, torch_build)


def test_only_the_record_makes_an_environment_ready(tmp_path: Path, folder: Path, record: EnvironmentRecord) -> None:
    assert state(tmp_path / "nothing") is EnvironmentState.MISSING
    assert state(folder) is EnvironmentState.PARTIAL
    write_record(folder, record)
    assert state(folder) is state(folder, "cpu") is EnvironmentState.READY
    assert installer.environment_python(folder, BACKEND) == interpreter_in(folder)


def test_another_device_and_another_lock_are_out_of_date(folder: Path, record: EnvironmentRecord) -> None:
    write_record(folder, record)
    assert state(folder, "cuda") is EnvironmentState.OUTDATED
    write_record(folder, replace(record, locks={"packages": "another"}))
    assert state(folder) is EnvironmentState.OUTDATED
    assert installer.environment_python(folder, BACKEND) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"python": "3"}'])
def test_a_damaged_record_counts_as_none(folder: Path, text: str) -> None:
    (folder / RECORD_NAME).write_text(text)
    assert state(folder) is EnvironmentState.PARTIAL


def test_a_record_with_fields_of_a_later_version_counts_as_none(folder: Path, record: EnvironmentRecord) -> None:
    (folder / RECORD_NAME).write_text(json.dumps(asdict(record) | {"later": 1}))
    assert state(folder) is EnvironmentState.PARTIAL


def test_an_environment_whose_base_was_removed_is_half(folder: Path, record: EnvironmentRecord) -> None:
    write_record(folder, replace(record, base=str(folder / "removed" / "python")))
    assert state(folder) is EnvironmentState.PARTIAL


def test_uv_is_found_where_blender_unpacks_its_wheel(tmp_path: Path) -> None:
    program = "uv.exe" if os.name == "nt" else "uv"
    for version in ("0.13.8", "0.13.9"):
        path = tmp_path / f"uv-{version}.data" / "scripts" / program
        path.parent.mkdir(parents=True)
        path.touch()
    assert installer.find_uv([str(tmp_path / "no such folder"), str(tmp_path)]) == path


def test_no_uv_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(installer.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(Img23DError, match="reinstall the Img23D extension") as caught:
        installer.find_uv([])
    assert caught.value.code == ErrorCode.ENVIRONMENT_BROKEN


def started_with(tmp_path: Path, **chosen) -> tuple[str, str]:
    """The program and the import folders of a link that was not started."""
    link = launch.new_link(ROOT / "blender_img23d", tmp_path / "logs", models=tmp_path / "models", **chosen)
    return link._command[0], link._environment["PYTHONPATH"]


def test_which_interpreter_a_backend_gets(tmp_path: Path, folder: Path, record: EnvironmentRecord) -> None:
    bundled = (
        str(launch.find_interpreter()),
        launch.child_environment([BACKEND, ROOT / "blender_img23d" / "shared", *launch.package_folders()], {})["PYTHONPATH"],
    )
    own_folders = os.pathsep.join([str(BACKEND), str(ROOT / "blender_img23d" / "shared")])
    assert started_with(tmp_path) == bundled
    assert started_with(tmp_path, environment=folder) == bundled  # half made
    write_record(folder, record)
    assert started_with(tmp_path, environment=folder) == (str(interpreter_in(folder)), own_folders)
    assert started_with(tmp_path, environment=folder, bundled=True) == bundled
    chosen = tmp_path / "studio" / "python"
    chosen.parent.mkdir()
    chosen.touch()
    assert started_with(tmp_path, environment=chosen) == (str(chosen), own_folders)
