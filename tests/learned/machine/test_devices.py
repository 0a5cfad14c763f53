"""Which devices there are, which one a choice means, what is free on it, and how long an object will take."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from img23d_backend.machine import devices, memory
from img23d_backend.machine import speed as machine_speed
from img23d_backend.machine.devices import CARD_RESERVE
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.options.settings import Settings

GB = 10**9


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    devices._search.cache_clear()
    yield
    devices._search.cache_clear()


class TwoCards:
    """torch.cuda as it looks with two cards; sums on them are done by the processor."""

    memory_reserved = staticmethod(lambda name: 3 * GB)
    memory_allocated = staticmethod(lambda name: 1 * GB)
    mem_get_info = staticmethod(lambda name: (2 * GB, 6 * GB))
    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 2)
    cards = (("NVIDIA GeForce RTX 3060", 6 * GB), ("NVIDIA GeForce GT 710", 2 * GB))

    @classmethod
    def get_device_properties(cls, index: int) -> SimpleNamespace:
        name, total = cls.cards[index]
        return SimpleNamespace(name=name, total_memory=total)


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The cards that compute; a test may take one out."""
    working = {"cuda:0", "cuda:1"}
    monkeypatch.setattr(torch, "cuda", TwoCards)
    monkeypatch.setattr(devices, "_computes", working.__contains__)
    return working


def test_this_machine() -> None:
    found = devices.find_devices()
    assert found[-1].id == "cpu" and found[-1].is_processor
    assert len({device.id for device in found}) == len(found)
    assert devices.choose("auto") is found[0] and devices.choose("cpu") is found[-1]
    for device in found:
        assert 0 < device.free_bytes() < device.total_bytes
        assert (torch.ones(2, device=device.torch_name, dtype=device.dtype) * 2).sum().item() == 4


def test_the_processors_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    processor = devices.find_devices()[-1]
    for has_it, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda answer=has_it: answer)
        assert processor.dtype is dtype


def test_cards_come_first_and_by_number(two_cards: set[str]) -> None:
    assert [device.id for device in devices.find_devices()] == ["gpu", "gpu:1", "cpu"]
    assert devices.choose("auto").torch_name == "cuda:0"
    assert devices.choose("gpu:1").label == "NVIDIA GeForce GT 710"
    assert devices.choose("gpu").dtype is torch.float16


def test_free_is_what_the_driver_has_and_torch_keeps_less_a_reserve(two_cards: set[str]) -> None:
    assert devices.choose("gpu").free_bytes() == 2 * GB + 2 * GB - CARD_RESERVE


def test_a_card_with_little_memory_has_a_hint(two_cards: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_expectation", lambda device: "")
    assert ["Small Memory" in info.note for info in devices.device_infos()] == [False, True, False]


def test_a_card_that_does_not_compute_is_told_and_not_offered(two_cards: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    two_cards.remove("cuda:1")
    monkeypatch.setattr(devices, "_expectation", lambda device: "")
    infos = devices.device_infos()
    assert [info.id for info in infos] == ["gpu", "cpu"]
    assert "GT 710" in infos[-1].note and "another build" in infos[-1].note


def test_a_card_that_is_not_there() -> None:
    with pytest.raises(Img23DError) as caught:
        devices.choose("gpu:7")
    assert caught.value.code is ErrorCode.BAD_REQUEST
    assert caught.value.sentence.endswith("choose Automatic.")


@pytest.mark.parametrize(
    ("cuda_build", "code", "words"),
    [("13.0", ErrorCode.DRIVER_TOO_OLD, "update the driver"), (None, ErrorCode.ENVIRONMENT_BROKEN, "NVIDIA (CUDA)")],
)
def test_an_nvidia_card_without_its_driver_or_build(monkeypatch: pytest.MonkeyPatch, cuda_build: str | None, code: ErrorCode, words: str) -> None:
    monkeypatch.setattr(devices, "_candidates", list)
    monkeypatch.setattr(devices, "_card_makers", lambda: {"0x10de"})
    monkeypatch.setattr(torch.version, "cuda", cuda_build)
    (info,) = devices.device_infos()
    assert words in info.note
    with pytest.raises(Img23DError, match="NVIDIA") as caught:
        devices.choose("gpu")
    assert caught.value.code is code
    assert devices.choose("auto").id == "cpu"


def test_a_build_without_code_for_a_card() -> None:
    assert not devices._computes("cuda:99")  # here no build has any; a wrong one raises RuntimeError as well


def test_without_torch_there_is_the_processor() -> None:
    info = told_where("torch cannot be found", "import importlib.util; importlib.util.find_spec = lambda name: None")
    assert info.startswith("cpu Processor") and info.endswith(" threads)|")


def test_a_torch_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text('raise OSError("[WinError 126] Error loading c10.dll")', encoding="utf-8")
    assert "set up the AI models again" in told_where("torch is broken", f"sys.path.insert(0, {str(tmp_path)!r})")


def told_where(what: str, changed: str) -> str:
    """What a process of its own tells about its devices after a change."""
    lines = (
        f"import sys; sys.path[:0] = {sys.path!r}  # {what}",
        changed,
        "from img23d_backend.machine.devices import device_infos",
        "(info,) = device_infos()",
        "assert 0 < info.free_bytes < info.total_bytes",
        "sys.stdout.write(f'{info.id} {info.label}|{info.note}')",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True)
    return done.stdout


# --- the machine's memory ---------------------------------------------------------------------------------------------


def test_the_machines_memory() -> None:
    assert 0 < memory.available_bytes() < memory.total_bytes()


def test_linux_tells_what_is_available() -> None:
    text = "MemTotal:       24682416 kB\nMemFree:         1000000 kB\nMemAvailable:   22000000 kB\n"
    assert memory.available_in(text) == 22000000 * 1024
    assert memory.available_in("MemTotal: 1 kB\n") == 0


def test_macos_counts_pages() -> None:
    text = (
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:                               10000.\nPages active:                            400000.\n"
        "Pages inactive:                           20000.\nPages speculative:                          300.\n"
        "Pages wired down:                         90000.\nPages purgeable:                             70.\n"
        '"Translation faults":                 1234567890.\n'
    )
    assert memory.available_on_mac(text) == 16384 * (10000 + 20000 + 300 + 70)


# --- how long an object takes -----------------------------------------------------------------------------------------


def test_this_machines_expectation_is_a_sentence() -> None:
    note = devices.device_infos()[-1].note
    assert note.startswith("About ") and "an object with Hunyuan3D 2 mini (Turbo)." in note


def test_the_speed_is_measured_once() -> None:
    processor = devices.find_devices()[-1]
    assert machine_speed.speed(processor) == machine_speed.speed(processor) > 1e-4


def test_what_is_slower_is_expected_to_be_slower() -> None:
    settings = [
        Settings.of(octree_resolution=64),
        Settings(),
        Settings.of(speed="fast"),
        Settings.of(speed="standard"),
        Settings.of(speed="standard", shape_model="hunyuan3d-2"),
    ]
    work = [machine_speed.work(one) for one in settings]
    assert work == sorted(work) and len(set(work)) == len(work)
    # The published steps of the mini model: 50 guided ones are 149 TFLOP, 92 with one half collapsed
    assert machine_speed.work(settings[3]) - machine_speed.work(settings[1]) == pytest.approx(50 * 1.83 - 5 * 1.49)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "5 seconds"), (42, "40 seconds"), (89, "90 seconds"), (91, "2 minutes"), (1500, "25 minutes"), (9000, "2 hours")],
)
def test_no_more_digits_than_are_true(seconds: float, words: str) -> None:
    assert machine_speed.rounded(seconds) == words


def test_painting_counts_by_its_own_settings() -> None:
    def work(**settings: object) -> float:
        return machine_speed.work(Settings.of(**settings))

    assert work() - work(painter="preview") == pytest.approx(30 * 20.0 + 43.8 + 30.4, abs=0.2)
    assert work() - work(delight=False) == pytest.approx(43.8)
    assert work(paint_steps=40) - work() == pytest.approx(10 * 20.0)
    assert work() - work(painter="hunyuan3d-paint-turbo") == pytest.approx(30 * 20.0 - 10 * 10.4)


def test_a_device_has_an_expectation_for_every_choice() -> None:
    from img23d_protocol.options.hunyuan3d import SHAPE_MODELS, SPEEDS
    from img23d_protocol.options.matte import MATTERS
    from img23d_protocol.options.search import GROUNDERS

    for (grounder, *_), (matter, *_), (shape_model, *_), (speed, *_) in itertools.product(GROUNDERS, MATTERS, SHAPE_MODELS, SPEEDS):
        chosen = Settings.of(grounder=grounder, matter=matter, shape_model=shape_model, speed=speed)
        assert machine_speed.seconds_an_object(chosen, teraflops=10) > 0
