"""Which program, which folders and which environment a backend gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blender_img23d.process import launch
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "blender_img23d"


def code_of(call, *args) -> ErrorCode:
    with pytest.raises(Img23DError) as caught:
        call(*args)
    return caught.value.code


def test_nothing_of_blenders_python_leaks_in() -> None:
    inherited = {
        "PATH": "/bin", "HOME": "/home/a", "LC_ALL": "C.UTF-8", "SystemRoot": "C:\\Windows", "PYTHONHOME": "/blender",
        "PYTHONPATH": "/studio", "PYTHONSTARTUP": "/x", "LD_PRELOAD": "/y", "BLENDER_USER_RESOURCES": "/z",
    }  # fmt: skip
    environment = launch.child_environment([Path("/a"), Path("/b"), Path("/a")], inherited)
    assert environment == {
        "PATH": "/bin", "HOME": "/home/a", "LC_ALL": "C.UTF-8", "SystemRoot": "C:\\Windows",
        "PYTHONPATH": os.pathsep.join([str(Path("/a")), str(Path("/b"))]),
        "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1", "PYTORCH_ENABLE_MPS_FALLBACK": "1",
    }  # fmt: skip


SECRETS = {
    "UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD", "UV_PUBLISH_USERNAME", "PIP_INDEX_URL", "PIP_PASSWORD", "TWINE_PASSWORD",
    "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "HF_XET_PASSWORD", "PYTORCH_TOKEN",
}  # fmt: skip
LOG_INS = {"HF_TOKEN", "UV_INDEX_STUDIO_PASSWORD", "UV_EXTRA_INDEX_URL"}


def test_log_ins_reach_only_a_child_that_needs_them() -> None:
    inherited = dict.fromkeys((*SECRETS, *LOG_INS, "HF_ENDPOINT", "IMG23D_SOURCES"), "secret")
    generating = launch.child_environment([], inherited)
    assert not set(generating) & (SECRETS | LOG_INS) and {"HF_ENDPOINT", "IMG23D_SOURCES"} <= set(generating)
    setting_up = launch.child_environment([], inherited, is_setup=True)
    assert set(setting_up) >= LOG_INS and not set(setting_up) & SECRETS


def test_the_child_imports_what_it_needs_even_from_a_folder_with_traps(tmp_path: Path) -> None:
    """A `json.py` or `numpy` in the folder that Blender was started from must not be found."""
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    command, environment = launch.backend_command(
        interpreter=launch.find_interpreter(),
        backend=ROOT / "backend",
        protocol=EXTENSION / "shared",
        packages=launch.package_folders(),
        log_path=tmp_path / "backend.log",
        models=tmp_path / "models",
    )
    folders = ["--log", str(tmp_path / "backend.log"), "--models", str(tmp_path / "models")]
    assert command[1:] == ["-s", "-m", "img23d_backend", "backend", *folders]
    code = "import json, sys, numpy, cv2, img23d_backend, img23d_protocol\n"
    code += "print('bpy' in sys.modules, sys.flags.utf8_mode)"
    done = subprocess.run([command[0], "-s", "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "1"], done.stderr


def test_packages_are_found_without_importing_them() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from blender_img23d.process import launch\n"
        "folders = launch.package_folders(); print('cv2' in sys.modules, 'numpy' in sys.modules, len(folders))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "False", "2"], done.stderr


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(Img23DError, match="reinstall the Img23D extension") as caught:
        launch.package_folders()
    assert caught.value.code == ErrorCode.BACKEND_START


@pytest.mark.parametrize("in_zip", [True, False])
def test_the_backend_lies_inside_the_zip_or_beside_the_checkout(tmp_path: Path, in_zip: bool) -> None:
    extension = tmp_path / "img23d"
    folder = (extension if in_zip else tmp_path) / "backend"
    (folder / "img23d_backend").mkdir(parents=True)
    assert code_of(launch.find_backend, extension) == ErrorCode.BACKEND_START
    (folder / "img23d_backend" / "__main__.py").touch()
    assert launch.find_backend(extension) == folder


def make_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def pretend(monkeypatch: pytest.MonkeyPatch, executable: str, prefix: Path) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    for name in ("prefix", "exec_prefix", "base_prefix"):
        monkeypatch.setattr(sys, name, str(prefix))


def test_the_running_interpreter_is_taken() -> None:
    assert launch.find_interpreter() == Path(sys.executable)


@pytest.mark.parametrize("executable", ["", "blender"])
def test_where_the_executable_is_blender_the_prefix_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executable: str) -> None:
    if executable:
        executable = str(make_program(tmp_path / executable))
    suffix = ".exe" if os.name == "nt" else ""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = make_program(tmp_path / "python" / "bin" / f"python{version}{suffix}")
    pretend(monkeypatch, executable, tmp_path / "python")
    assert launch.find_interpreter() == python


def test_no_interpreter_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "", tmp_path)
    assert code_of(launch.find_interpreter) == ErrorCode.BACKEND_START


def test_old_logs_make_room(tmp_path: Path) -> None:
    for number in range(30):
        log = tmp_path / f"backend-{number}.log"
        log.touch()
        os.utime(log, (number, number))
    path = launch.new_log_path(tmp_path)
    path.touch()
    assert path.name == f"backend-{os.getpid()}.log"
    assert len(list(tmp_path.iterdir())) == launch.LOGS_KEPT
    assert (tmp_path / "backend-29.log").exists()


def test_a_log_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert code_of(launch.new_log_path, tmp_path / "file") == ErrorCode.FOLDER_UNWRITABLE
