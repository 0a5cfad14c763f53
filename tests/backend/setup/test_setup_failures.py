"""What uv, the system and the new environment say when something fails: each a code and one sentence with one action."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from img23d_backend.setup import torch_builds, trial_result
from img23d_backend.setup.environment import hold
from img23d_backend.setup.guarded import Ended, run_guarded
from img23d_backend.setup.uv_errors import uv_failure
from img23d_backend.setup.uv_program import uv_environment
from img23d_protocol import ErrorCode, Img23DError

# As uv 0.13 said them, but for the lines of Windows and macOS.
SAID = {
    "offline": (
        "error: Failed to fetch: index/torch/\n  cause: client error (Connect)\n  cause: dns error\n"
        "  cause: failed to lookup address information: Name or service not known",
        ErrorCode.HUB_UNREACHABLE,
        "check the network",
    ),
    "refused": (
        "error: Failed to fetch: simple/einops/\n  cause: tcp connect error\n  cause: Connection refused (os error 111)",
        ErrorCode.HUB_UNREACHABLE,
        "check the network",
    ),
    "proxy": ("error: Failed to fetch: x\n  cause: tunnel error: 407 Proxy Authentication Required", ErrorCode.HUB_UNREACHABLE, "proxy"),
    "certificate": ("error: Failed to fetch: x\n  cause: invalid peer certificate: UnknownIssuer", ErrorCode.HUB_UNREACHABLE, "SSL_CERT"),
    "wrong bytes": (
        "Downloading numpy (16.1MiB)\nerror: Failed to download `numpy==2.4.6`\n  cause: Hash mismatch for `numpy==2.4.6`\n"
        "         Expected:\n           sha256:0000",
        ErrorCode.ENVIRONMENT_BROKEN,
        "wrong bytes",
    ),
    "full": (
        "Downloading numpy (16.1MiB)\nerror: Failed to install: numpy-2.4.6.whl (numpy==2.4.6)\n"
        "  cause: failed to copy file: No space left on device (os error 28)",
        ErrorCode.DISK_FULL,
        "make room",
    ),
    "not permitted": (
        "error: Failed to install: einops-0.8.2-py3-none-any.whl (einops==0.8.2)\n"
        "  cause: failed to create directory `/x/einops`: Operation not permitted (os error 1)",
        ErrorCode.FOLDER_UNWRITABLE,
        "choose another one",
    ),
    "no wheel": (
        "error: No solution found when resolving dependencies\n  cause: Because triton==3.7.1 has no wheels with a matching "
        "platform tag (e.g., `win_amd64`) and you require triton==3.7.1, we can conclude that your requirements are unsatisfiable.",
        ErrorCode.ENVIRONMENT_BROKEN,
        "Python 3.12",
    ),
    "anything": ("Downloading networkx (2.0MiB)\nthread 'main' panicked", ErrorCode.ENVIRONMENT_BROKEN, "press Go On"),
}
ON_WINDOWS = {
    "full": ("error: x\n  cause: There is not enough space on the disk. (os error 112)", ErrorCode.DISK_FULL),
    "held": ("error: x\n  cause: The process cannot access the file (os error 32)", ErrorCode.FILE_LOCKED),
    "antivirus": ("error: failed to rename\n  cause: Access is denied. (os error 5)", ErrorCode.FILE_LOCKED),
    "long": ("error: x\n  cause: The filename or extension is too long. (os error 206)", ErrorCode.ENVIRONMENT_BROKEN),
}


@pytest.mark.parametrize("name", SAID)
def test_what_uv_says_becomes_one_sentence(name: str) -> None:
    said, code, words = SAID[name]
    error = uv_failure(said, platform="linux")
    assert error.code == code
    assert words in error.sentence and error.sentence.endswith(".") and "\n" not in error.sentence
    assert error.detail == said


@pytest.mark.parametrize("name", ON_WINDOWS)
def test_windows_says_it_in_its_own_numbers(name: str) -> None:
    said, code = ON_WINDOWS[name]
    assert uv_failure(said, platform="win32").code == code


# --- the first start ------------------------------------------------------------------------------------------------


def tried(**found) -> Ended:
    values = {"python": "3.12.1", "base": "/python", "torch": "2.13.0+cu130", "built_for": "cuda", "device_error": "", "warnings": []}
    return Ended(status=0, lines=("a warning before", json.dumps(values | found)))


def trial_error(ended: Ended) -> Img23DError:
    with pytest.raises(Img23DError) as caught:
        trial_result.judge(ended)
    return caught.value


def test_a_good_start() -> None:
    assert trial_result.judge(tried()).torch == "2.13.0+cu130"


def test_a_driver_that_is_too_old() -> None:
    said = "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver"
    error = trial_error(tried(warnings=[said]))
    assert error.code == ErrorCode.DRIVER_TOO_OLD and said in error.detail


def test_a_card_that_the_build_does_not_know() -> None:
    said = "cuda: CUDA error: no kernel image is available for execution on the device"
    assert "another build" in trial_error(tried(device_error=said)).sentence


def test_a_warning_about_a_card_that_is_not_used_is_no_reason() -> None:
    said = "NVIDIA GeForce GTX 1080 with CUDA capability sm_61 is not compatible with the current PyTorch installation."
    assert trial_result.judge(tried(warnings=[said])).built_for == "cuda"


def test_a_card_that_is_only_busy_is_no_reason() -> None:
    assert trial_result.judge(tried(device_error="cuda: CUDA out of memory")).built_for == "cuda"


def test_packages_that_do_not_start() -> None:
    missing = Ended(status=1, lines=("Traceback", "ImportError: No module named 'cv2'"))
    assert trial_error(missing).code == ErrorCode.ENVIRONMENT_BROKEN
    redistributable = Ended(status=1, lines=('OSError: [WinError 126] Error loading "C:\\x\\c10.dll" or one of its dependencies.',))
    assert "Visual C++" in trial_error(redistributable).sentence


def test_an_explicit_build_is_not_replaced_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    got = trial_result.judge(tried(torch="2.13.0+cpu", built_for="cpu"))
    for build in ("cuda", "cu130", "rocm", "xpu"):
        with pytest.raises(Img23DError, match="could not be had"):
            trial_result.need_family(got, build)
    assert trial_result.need_family(got, "cpu") == ""
    monkeypatch.setattr(trial_result, "likely_family", lambda: "cuda")
    assert "run on the processor" in trial_result.need_family(got, "auto")
    assert trial_result.need_family(trial_result.judge(tried()), "auto") == ""


def test_builds_and_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_builds.sys, "platform", "linux")
    assert torch_builds.candidates("cu130") == ("cu130",) and torch_builds.backends("cu130") == ("cu130",)
    assert all(tag.startswith("rocm") for tag in torch_builds.backends(*torch_builds.candidates("rocm")))
    assert torch_builds.size("cu130") > 4 * torch_builds.size("cpu")
    with pytest.raises(Img23DError, match="no build of torch"):
        torch_builds.need_build("cu13; rm")
    monkeypatch.setattr(torch_builds.sys, "platform", "darwin")
    assert torch_builds.candidates("auto") == ("default",) and torch_builds.backends("default") == ()


# --- programs and the folder ----------------------------------------------------------------------------------------


def test_uv_gets_the_network_and_nothing_that_leads_it_elsewhere(tmp_path: Path) -> None:
    inherited = {
        "PATH": "/bin", "https_proxy": "http://proxy", "UV_FIND_LINKS": "/wheels", "UV_INDEX_STUDIO_PASSWORD": "x",
        "UV_TARGET": "/elsewhere", "UV_OVERRIDE": "/x.txt", "UV_PYTHON": "3.9", "PYTHONPATH": "/studio", "VIRTUAL_ENV": "/v",
        "UV_PUBLISH_TOKEN": "x", "UV_INDEXES": "x", "HF_TOKEN": "x", "PIP_INDEX_URL": "x",
    }  # fmt: skip
    kept = {"PATH", "https_proxy", "UV_FIND_LINKS", "UV_INDEX_STUDIO_PASSWORD"}
    assert set(uv_environment(tmp_path, inherited, {})) - set(uv_environment(tmp_path, {}, {})) == kept
    assert Path(uv_environment(tmp_path, inherited, {})["UV_CACHE_DIR"]).parent == tmp_path
    assert uv_environment(tmp_path, {"UV_CACHE_DIR": "/shared"}, {})["UV_CACHE_DIR"] == "/shared"


def test_one_set_up_at_a_time(tmp_path: Path) -> None:
    with hold(tmp_path / "lock", lambda: None), pytest.raises(Img23DError, match="Another set-up") as caught:
        with hold(tmp_path / "lock", lambda: None, timeout=0.3):
            pass
    assert caught.value.code == ErrorCode.BUSY
    with hold(tmp_path / "lock", lambda: None, timeout=0.0):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends the program with its guard instead")
def test_the_lock_lasts_as_long_as_the_program_that_inherited_it(tmp_path: Path) -> None:
    with hold(tmp_path / "lock", lambda: None) as lock:
        program = subprocess.Popen(["sleep", "60"], pass_fds=[lock])
    try:
        with pytest.raises(Img23DError), hold(tmp_path / "lock", lambda: None, timeout=0.1):
            pass
    finally:
        program.kill()
        program.wait()


def test_a_program_is_heard_and_ended_by_what_tick_raises(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    heard: list[str] = []

    def tick(line: str) -> None:
        heard.append(line)
        if line.startswith("pid"):
            raise Enough

    code = "import os, time; print('one'); print('pid', os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(Enough):
        run_guarded([sys.executable, "-u", "-c", code], environment={}, folder=tmp_path, tick=tick)
    assert "one" in heard
    if sys.platform == "linux":
        stat = Path("/proc", heard[-1].split()[1], "stat")
        assert not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_programs_end_and_its_last_words(tmp_path: Path) -> None:
    code = "import sys; print('to stdout', flush=True); print('to stderr', file=sys.stderr); sys.exit(3)"
    ended = run_guarded([sys.executable, "-c", code], environment={}, folder=tmp_path, tick=lambda line: None)
    assert ended == Ended(status=3, lines=("to stdout", "to stderr"))
