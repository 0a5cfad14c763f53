"""A whole set-up with small packages: which build of torch comes, with which hashes, and the next one where a card is unknown."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import fake_uv
import nvidia_smi
import pytest
from nvidia_smi import GT_710, GTX_1080, RTX_3060, RTX_5060

from img23d_backend.machine import nvidia
from img23d_backend.setup import torch_install
from img23d_backend.setup.environment import install_environment
from img23d_backend.setup_context import SetupContext
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.environment import read_record
from img23d_protocol.messages import InstallEnvironment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scripts with a first line, and the paths of Linux")


class Desk:
    """A machine with a PATH of its own and an empty folder for the environment."""

    def __init__(self, folder: Path) -> None:
        self.environment, self.tools = folder / "environment", folder / "tools"
        self.notices: list[str] = []
        self.uv = fake_uv.install(self.tools)

    def set_up(self, torch_build: str = "auto") -> str:
        """The version of torch that is there in the end."""
        request = InstallEnvironment(job="s", folder=str(self.environment), uv=str(self.uv), python=sys.executable, torch_build=torch_build, online=True)
        install_environment(request, SetupContext(notify=self.notices.append), free_bytes=lambda folder: 10**12)
        record = read_record(self.environment)
        assert record is not None and record.torch_build == torch_build
        return record.torch

    @property
    def installs(self) -> list[list[str]]:
        return [entry["words"] for entry in fake_uv.asked(self.tools) if "install" in entry["words"]]

    @property
    def locks(self) -> list[str]:
        """The lock files that were installed from, in order."""
        files = (Path(word) for words in self.installs for word in words if word.endswith(".txt"))
        return [str(path.relative_to(path.parents[1] if path.parent.name == "torch" else path.parent)) for path in files]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    monkeypatch.setenv("PATH", f"{desk.tools}{os.pathsep}/usr/bin{os.pathsep}/bin")
    for name in ("UV_CUDA_DRIVER_VERSION", "CUDA_VISIBLE_DEVICES", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(nvidia, "_KERNEL_FILES", ())
    return desk


@pytest.mark.parametrize(
    ("card", "driver", "version"),
    [(GTX_1080, "580.82.07", "2.13.0+cu126"), (RTX_3060, "580.82.07", "2.13.0+cu130"), (RTX_3060, "550.54.14", "2.13.0+cu126")],
)
def test_the_card_and_the_driver_decide(desk: Desk, card: tuple[str, int, str], driver: str, version: str) -> None:
    nvidia_smi.install(desk.tools, card, driver=driver)
    assert desk.set_up() == version
    tag = version.partition("+")[2]
    assert desk.locks == [f"torch/{tag}.txt", f"torch/{tag}-libraries.txt", "packages.txt"]
    assert desk.notices == []


def test_everything_comes_with_hashes(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, RTX_3060)
    desk.set_up()
    assert desk.installs and all("--require-hashes" in words and "--no-deps" in words for words in desk.installs)
    for words in desk.installs:
        for path in (Path(word) for word in words if word.endswith(".txt")):
            blocks = path.read_text().strip().replace("\\\n", " ").splitlines()
            assert all("--hash=sha256:" in block for block in blocks), path


def test_a_build_that_does_not_know_the_card_is_followed_by_the_next_one(desk: Desk) -> None:
    """Such as a card whose capability the driver does not tell."""
    nvidia_smi.install(desk.tools, RTX_3060)
    fake_uv.install(desk.tools, unknown=("cu130",))
    assert desk.set_up() == "2.13.0+cu126"
    (notice,) = desk.notices
    assert "does not know the graphics card" in notice
    assert desk.locks.count("packages.txt") == 1, "only torch is exchanged"


def test_what_a_trial_has_shown_is_remembered(desk: Desk) -> None:
    """A set-up that was cut off in the second build does not fetch the first one again."""
    nvidia_smi.install(desk.tools, RTX_3060)
    fake_uv.install(desk.tools, unknown=("cu130",), fails=("cu126.txt", "default.txt"))
    with pytest.raises(Img23DError):
        desk.set_up()
    fake_uv.install(desk.tools, unknown=("cu130",))
    before = len(desk.locks)
    assert desk.set_up() == "2.13.0+cu126"
    assert "torch/cu130.txt" not in desk.locks[before:]


def test_where_no_build_knows_the_card_it_is_said(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, RTX_3060)
    fake_uv.install(desk.tools, unknown=("cu126", "cu130"))
    with pytest.raises(Img23DError, match="does not know the graphics card") as caught:
        desk.set_up()
    assert caught.value.code is ErrorCode.ENVIRONMENT_BROKEN


def test_an_explicit_build_is_not_followed_by_another(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, RTX_3060)
    fake_uv.install(desk.tools, unknown=("cu130",))
    with pytest.raises(Img23DError):
        desk.set_up("cu130")
    assert "torch/cu126.txt" not in desk.locks


@pytest.mark.parametrize("build", ["auto", "cuda"])
def test_a_driver_that_is_too_old_is_said_before_anything_is_fetched(desk: Desk, build: str) -> None:
    nvidia_smi.install(desk.tools, RTX_5060, driver="572.83")
    with pytest.raises(Img23DError, match="update the driver first") as caught:
        desk.set_up(build)
    assert caught.value.code is ErrorCode.DRIVER_TOO_OLD
    assert not desk.environment.exists() and not (desk.tools / "asked.jsonl").exists()


def test_a_card_that_has_no_build_any_more_computes_on_the_processor(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, GT_710, driver="550.54.14")
    assert desk.set_up() == "2.13.0+cpu"
    (notice,) = desk.notices
    assert "run on the processor" in notice


def test_without_a_card_the_processors_build_comes(desk: Desk) -> None:
    assert desk.set_up() == "2.13.0+cpu"
    assert desk.locks == ["torch/cpu.txt", "packages.txt"]


def test_where_only_the_default_index_can_be_reached_its_build_comes_with_hashes(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, RTX_3060)
    fake_uv.install(desk.tools, fails=("cu130.txt",))
    assert desk.set_up() == "2.13.0"
    assert desk.locks == ["torch/default.txt", "torch/cu130-libraries.txt", "packages.txt"]


def test_a_studios_own_index_may_have_the_build(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, RTX_3060)
    fake_uv.install(desk.tools, fails=("--torch-backend",))
    assert desk.set_up() == "2.13.0+cu130"


def test_a_build_without_known_hashes_says_so(desk: Desk) -> None:
    nvidia_smi.install(desk.tools, RTX_3060, driver="595.45.04")
    assert desk.set_up("cu132") == "2.13.0+cu132"
    (notice,) = desk.notices
    assert "without checksums" in notice
    assert [("--require-hashes" in words) for words in desk.installs] == [False, True, True], "all but torch itself"


def test_a_wheel_whose_hash_is_not_known_is_not_taken_for_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_install.sys, "platform", "win32")
    locks = [lock for lock, _ in torch_install._sources("cu130", (3, 11))]
    assert locks == [""] and all(lock for lock, _ in torch_install._sources("cu130", (3, 12)))


def test_a_new_lock_of_torch_makes_the_environment_old(desk: Desk) -> None:
    desk.set_up()
    path = desk.environment / "img23d.json"
    fields = json.loads(path.read_text())
    assert "torch/cpu" in fields["locks"]
    fields["locks"]["torch/cpu"] = "0" * 64
    path.write_text(json.dumps(fields))
    progress = desk.environment / "progress.json"
    progress.write_text(json.dumps(json.loads(progress.read_text()) | {"torch_locks": {"torch/cpu": "0" * 64}}))
    before = len(desk.locks)
    desk.set_up()
    assert desk.locks[before:] == ["torch/cpu.txt"]


def test_no_log_in_reaches_a_program_that_does_not_need_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        "UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD", "UV_PUBLISH_USERNAME", "PIP_INDEX_URL", "PIP_PASSWORD", "HF_TOKEN",
        "TWINE_PASSWORD", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "UV_TARGET",
    )  # fmt: skip
    for name in (*secrets, "UV_INDEX_STUDIO_PASSWORD", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "secret")
    desk.set_up()
    got = {name for entry in fake_uv.asked(desk.tools) for name in entry["variables"]}
    assert not got & set(secrets) and {"UV_INDEX_STUDIO_PASSWORD", "HTTPS_PROXY"} <= got
    (tried,) = desk.environment.glob("venv/lib/python3.*/site-packages/torch/variables.json")
    of_the_trial = set(json.loads(tried.read_text()))
    assert not of_the_trial & {*secrets, "UV_INDEX_STUDIO_PASSWORD", "HTTPS_PROXY"} and "PATH" in of_the_trial
