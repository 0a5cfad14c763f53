"""The installer for real: from an empty folder to a backend that says what it can do, killed in every step on the way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import installing
import pytest
from desk import Desk
from installing import ROOT, finish, kill_when, request, wait_for_end_of_all

from blender_img23d.core.session.environment import EnvironmentState
from blender_img23d.process.installer import environment_python, environment_state
from blender_img23d.process.launch import new_link
from devtools.places import BUILD
from devtools.tests import ALL
from img23d_backend.setup.environment import install_environment
from img23d_backend.setup.uv_program import runnable
from img23d_backend.setup_context import JobCancelled, SetupContext
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.environment import RECORD_NAME, interpreter_in
from img23d_protocol.setup_messages import SetupStep

BACKEND = ROOT / "backend"
TINY_MODELS = os.environ.get("IMG23D_TINY_MODELS")  # small checkpoints, where build_addon.py has made them
linux = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc")


def _need(lacking: str) -> None:
    """Skips where something is lacking, and fails where all tests have to run."""
    if lacking:
        (pytest.fail if os.environ.get(ALL) else pytest.skip)(lacking)


@pytest.fixture(scope="module", autouse=True)
def program() -> None:
    _need(installing.program_lacking())


@pytest.fixture(scope="module")
def packages(program: None) -> None:
    _need(installing.packages_lacking())


@pytest.fixture(scope="module")
def home(packages: None) -> Iterator[Path]:
    """On the disk of uv's cache, so that files are linked and not copied."""
    (BUILD / "test").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="installer ü ", dir=BUILD / "test") as folder:
        yield Path(folder)


def packages_of(folder: Path) -> Path:
    python = interpreter_in(folder)
    found = [python.parents[1] / "Lib" / "site-packages", *python.parents[1].glob("lib/python3.*/site-packages")]
    return next((path for path in found if path.is_dir()), found[0])


def state(folder: Path) -> EnvironmentState:
    return environment_state(folder, BACKEND)


def hello_of(folder: Path, log_folder: Path) -> dict[str, str]:
    """Engine -> its note, as the backend in that environment says it; "ready" where it is."""
    models = Path(TINY_MODELS or log_folder / "models")
    link = new_link(ROOT / "blender_img23d", log_folder, models=models, environment=folder)
    assert link._command[0] == str(interpreter_in(folder))

    class Starting(Desk):
        def _make_link(self):
            self.links.append(link)
            return link

    desk = Starting(log_folder / "backend.log")
    try:
        desk.submit()  # a photo that is not there: the job fails, but by then the backend has introduced itself
        desk.until(lambda: desk.session.hello is not None)
        assert desk.session.hello is not None
        return {engine.id: "ready" if engine.ready else engine.note for engine in desk.session.hello.engines}
    finally:
        desk.close()


@pytest.fixture(scope="module")
def made(home: Path) -> Path:
    """Killed in each step, the last time at the very end, and then finished."""
    folder = home / "environment"
    moments = (
        (SetupStep.PYTHON, lambda: True),
        (SetupStep.TORCH, (lambda: (packages_of(folder) / "torch").is_dir())),
        (SetupStep.PACKAGES, (lambda: (packages_of(folder) / "transformers").is_dir())),
        (SetupStep.TRY, lambda: True),
    )
    for step, is_reached in moments:
        kill_when(folder, is_reached, step)
        wait_for_end_of_all(folder)
        assert state(folder) in (EnvironmentState.MISSING, EnvironmentState.PARTIAL), step
        assert environment_python(folder, BACKEND) is None, step
    assert finish(folder) == [SetupStep.CHECK, SetupStep.TRY], "what was done is not done again"
    return folder


@linux
def test_it_is_complete_although_it_was_killed_in_each_step(made: Path, tmp_path: Path) -> None:
    assert state(made) is EnvironmentState.READY
    engines = hello_of(made, tmp_path)
    assert engines["preview"] == "ready"
    for learned in ("cutout", "hunyuan3d"):  # the packages are there in any case
        assert engines[learned] == "ready" if TINY_MODELS else "Lacks a model" in engines[learned]


@linux
def test_a_second_run_does_nothing_and_needs_no_network(made: Path) -> None:
    before = (made / RECORD_NAME).stat().st_mtime_ns
    steps = []
    install_environment(request(made, online=False, uv="/nowhere"), SetupContext(report=lambda step, *_: steps.append(step)))
    assert steps == [SetupStep.CHECK]
    assert (made / RECORD_NAME).stat().st_mtime_ns == before


@linux
def test_a_build_for_a_card_whose_driver_is_missing(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What works is not changed for it."""
    monkeypatch.setenv("PATH", str(made))
    if Path("/sys/module/nvidia/version").exists() or Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has the driver")
    assert refusal(made, torch_build="cuda").code == ErrorCode.DRIVER_TOO_OLD
    assert state(made) is EnvironmentState.READY


@linux
def test_another_device_reinstalls_torch_only(made: Path) -> None:
    def inodes() -> dict[str, int]:
        packages = packages_of(made)
        return {name: (packages / name).stat().st_ino for name in ("numpy", "transformers", "hy3dgen", "sympy", "torch")}

    before = inodes()
    assert environment_state(made, BACKEND, "cu126") is EnvironmentState.OUTDATED
    progress = made / "progress.json"  # as if it had been made for another card
    progress.write_text(json.dumps(json.loads(progress.read_text()) | {"torch_build": "cu126"}), encoding="utf-8")
    (made / RECORD_NAME).unlink()
    steps = kill_when(made, lambda: True, SetupStep.TRY, "cpu")
    assert steps == [SetupStep.CHECK, SetupStep.TORCH, SetupStep.TRY]
    after = inodes()
    assert {name for name in before if before[name] != after[name]} == {"torch"}
    assert state(made) is EnvironmentState.PARTIAL, "what was ready before is not used while it changes"


@linux
def test_an_environment_whose_interpreter_is_gone_is_not_complete(made: Path) -> None:
    interpreter_in(made).unlink()
    assert state(made) is EnvironmentState.PARTIAL
    with pytest.raises(Img23DError) as caught:
        install_environment(request(made, online=False), SetupContext())
    assert caught.value.code == ErrorCode.OFFLINE


def test_cancel_ends_uv(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in installing.variables().items():
        monkeypatch.setenv(name, value)
    folder = home / "cancelled"

    def report(step: SetupStep, *_: object) -> None:
        if step is SetupStep.TORCH and (packages_of(folder) / "torch").is_dir():
            raise JobCancelled

    with pytest.raises(JobCancelled):
        install_environment(request(folder), SetupContext(report=report))
    if sys.platform == "linux":
        assert installing.left_running(folder) == []
    assert state(folder) is EnvironmentState.PARTIAL
    shutil.rmtree(folder)


# --- what is refused before anything is changed ---------------------------------------------------------------------


def refusal(folder: Path, **changes) -> Img23DError:
    free_bytes = {"free_bytes": changes.pop("free_bytes")} if "free_bytes" in changes else {}
    with pytest.raises(Img23DError) as caught:
        install_environment(request(folder, **changes), SetupContext(), **free_bytes)
    return caught.value


def test_nothing_is_fetched_without_online_access(tmp_path: Path) -> None:
    assert refusal(tmp_path / "new", online=False).code == ErrorCode.OFFLINE
    assert not (tmp_path / "new").exists()


def test_the_command_begins_in_a_python_without_any_package(tmp_path: Path) -> None:
    folders = os.pathsep.join([str(BACKEND), str(ROOT / "blender_img23d" / "shared")])
    options = ["--offline", "--no-weights", "--folder", str(tmp_path / "new"), "--uv", request(tmp_path).uv]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "img23d_backend", "setup", *options],
        env=os.environ | {"PYTHONPATH": folders},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "not granted in the European Union" in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("Setting up needs the network")


def test_a_full_disk_is_seen_first(tmp_path: Path) -> None:
    error = refusal(tmp_path / "new", free_bytes=lambda folder: 100_000_000)
    assert error.code == ErrorCode.DISK_FULL
    assert "needs 1.9 GB" in error.sentence and "0.1 GB are free" in error.sentence
    assert not (tmp_path / "new" / "venv").exists()


def test_the_room_asked_for_depends_on_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CUDA_DRIVER_VERSION", "580")
    error = refusal(tmp_path / "new", torch_build="cuda", free_bytes=lambda folder: 2_000_000_000)
    assert "needs 6." in error.sentence


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    assert refusal(tmp_path).code == ErrorCode.BAD_REQUEST
    assert [path.name for path in tmp_path.iterdir()] == ["venv"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "new").code == ErrorCode.FOLDER_UNWRITABLE


def test_a_build_that_does_not_exist(tmp_path: Path) -> None:
    assert refusal(tmp_path, torch_build="fastest").code == ErrorCode.BAD_REQUEST


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no executable bit")
def test_uv_without_its_executable_bit_runs(tmp_path: Path) -> None:
    """As Blender unpacks it from the wheel."""
    bare = tmp_path / "uv"
    bare.write_text("#!/bin/sh\n")
    folder = tmp_path / "environment"
    folder.mkdir()
    copy = runnable(bare, folder)
    assert copy == folder / "uv" and os.access(copy, os.X_OK)
    assert runnable(copy, folder) == copy
