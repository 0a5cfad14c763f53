"""A set-up in a process of its own, which tests can kill, and what it left behind.

python installing.py FOLDER TORCH_BUILD      prints each step's name as it is told
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for path in (ROOT, ROOT / "backend", ROOT / "blender_img23d" / "shared"):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))

from blender_img23d.process.installer import find_uv  # noqa: E402
from blender_img23d.shared.img23d_protocol import Img23DError  # noqa: E402
from devtools.environment import uv_variables  # noqa: E402
from img23d_backend.setup.environment import install_environment  # noqa: E402
from img23d_backend.setup_context import SetupContext  # noqa: E402
from img23d_protocol.choices import TENCENT_LICENCE  # noqa: E402
from img23d_protocol.messages import InstallEnvironment, SetupStep  # noqa: E402

SECONDS = 300.0  # for a whole set-up, also on a slow line


def program_lacking() -> str:
    """Why no set-up can begin here; "" where it can."""
    try:
        find_uv()
    except Img23DError:
        return "uv is missing: python -m pip install -r devtools/requirements/tests.txt"
    return ""


def packages_lacking() -> str:
    """Why nothing can be installed here; "" where it can."""
    command = [str(find_uv()), "pip", "compile", "--quiet", "--no-deps", "--no-header", "-"]
    told = os.environ | variables() | {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "10"}
    done = subprocess.run(command, input="filelock\n", env=told, capture_output=True, text=True)  # one of those that torch needs
    return "" if done.returncode == 0 else f"uv reaches no packages: {' '.join(done.stderr.split())}"


def request(folder: Path, torch_build: str = "cpu", **changes) -> InstallEnvironment:
    values = {"uv": str(find_uv()), "python": sys.executable, "licences": (TENCENT_LICENCE,), "online": True} | changes
    return InstallEnvironment(job="setup", folder=str(folder), torch_build=torch_build, **values)


def variables() -> dict[str, str]:
    """uv's cache is shared by all tests; Python itself is not fetched."""
    return uv_variables() | {"UV_PYTHON_DOWNLOADS": "never"}


def start(folder: Path, torch_build: str = "cpu") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, str(folder), torch_build],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | variables(),
    )


def finish(folder: Path, torch_build: str = "cpu") -> list[str]:
    """The steps that were done, in their order."""
    process = start(folder, torch_build)
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, output
    return list(dict.fromkeys(output.split()))


def kill_when(folder: Path, is_reached: Callable[[], bool], step: str, torch_build: str = "cpu") -> list[str]:
    """Like the power going off, once `step` was told and `is_reached`. The steps up to there."""
    process = start(folder, torch_build)
    assert process.stdout is not None
    steps: list[str] = []
    try:
        while step not in steps:
            line = process.stdout.readline().strip()
            assert line, f"it ended before {step}"
            steps.append(line)
        deadline = time.monotonic() + SECONDS
        while not is_reached():
            assert process.poll() is None and time.monotonic() < deadline, f"{step} was over too early"
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return list(dict.fromkeys(steps))


def left_running(folder: Path) -> list[str]:
    """The command lines that still name the folder (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if any(word.startswith(str(folder)) for word in words):
            found.append(" ".join(words))
    return found


def wait_for_end_of_all(folder: Path, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while rest := left_running(folder):
        assert time.monotonic() < deadline, rest
        time.sleep(0.02)


def _main(folder: str, torch_build: str) -> None:
    def report(step: SetupStep, *_: object) -> None:
        print(step.value, flush=True)

    install_environment(request(Path(folder), torch_build), SetupContext(report=report))


if __name__ == "__main__":
    _main(*sys.argv[1:])
