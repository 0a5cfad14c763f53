"""The devices that models can run on: graphics cards by CUDA, ROCm, XPU or Metal, and the processor.

A card is only listed when a small sum on it comes out: drivers and builds of torch that do not fit are found here, as a
sentence, and not in the middle of a run.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import AUTO_DEVICE, DEVICES
from img23d_protocol.messages import DeviceInfo

from . import memory
from .memory_errors import is_out_of_memory

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

PROCESSOR = "cpu"
# Not offered on a card: CUDA loads its kernels when they are first used (some 200 MB with cuBLAS and cuDNN), and Blender's
# viewport may grow meanwhile.
CARD_RESERVE = 400 * 2**20
# Not offered of the machine's memory, so that Blender and the desktop are not swapped out.
MEMORY_RESERVE = 2**30

_LITTLE_MEMORY = 5 * 10**9  # bytes of a card, below which the usual way needs its fallbacks

_NVIDIA, _AMD = "0x10de", "0x1002"  # PCI vendors
_DISPLAY_CLASS = "0x03"

_DRIVER_TOO_OLD = "There is an NVIDIA card, but its driver is missing or too old for this build of torch: update the driver, then restart Blender."
_OTHER_BUILD = "There is an {maker} card, but the AI models are set up without it: set them up again for {build}."
_NO_KERNELS = "The {label} cannot compute with this build of torch: set up the AI models again with another build."
_TURN_ON = "It has little memory: turn on Small Memory."
_BROKEN = "The private environment cannot be used: set up the AI models again."


@dataclass(frozen=True, kw_only=True)
class Device:
    """`id` is the artist's name for it ("gpu", "gpu:1", "cpu"), `torch_name` torch's ("cuda:0", "xpu:0", "mps", "cpu")."""

    id: str
    torch_name: str
    label: str
    total_bytes: int

    @property
    def kind(self) -> str:
        """torch's device type: "cuda" (also for ROCm), "xpu", "mps" or "cpu"."""
        return self.torch_name.partition(":")[0]

    @property
    def is_processor(self) -> bool:
        return self.id == PROCESSOR

    @property
    def dtype(self) -> torch.dtype:
        """Half precision on cards. On a processor bfloat16 where it multiplies in it, else float32, which is 100 times
        faster there than half precision."""
        import torch

        if not self.is_processor:
            return torch.float16
        return torch.bfloat16 if _multiplies_bfloat16() else torch.float32

    def free_bytes(self) -> int:
        """What a model may take now, with Blender open: free by the driver or kept by torch for reuse, less a reserve."""
        match self.kind:
            case "cpu":
                return max(0, memory.available_bytes() - MEMORY_RESERVE)
            case "mps":
                return max(0, _free_on_mac() - CARD_RESERVE)
            case _:
                return max(0, _free_on_card(self) - CARD_RESERVE)


def bfloat16_or_half(device: Device) -> torch.dtype:
    """bfloat16 on every card that has it, if only slowly, for networks whose numbers leave the range of float16."""
    import torch

    if device.is_processor or (device.kind == "cuda" and not _has_bfloat16(device)):
        return device.dtype
    return torch.bfloat16


def _has_bfloat16(card: Device) -> bool:
    """torch answers for the current card, which need not be the chosen one."""
    import torch

    with torch.cuda.device(card.torch_name):
        return torch.cuda.is_bf16_supported()


def has_torch() -> bool:
    """Whether more than the processor can be found; says nothing about whether torch works."""
    return importlib.util.find_spec("torch") is not None


def find_devices() -> tuple[Device, ...]:
    """The best first, the processor last. Needs torch for more than the processor."""
    return _search()[0]


def choose(choice: str) -> Device:
    """The device for "auto", "gpu", "gpu:1" or "cpu". Raises Img23DError where there is no such card, saying why."""
    devices, hindrance = _search()
    if choice == AUTO_DEVICE:
        return devices[0]
    for device in devices:
        if device.id == choice:
            return device
    if hindrance and choice == "gpu":
        is_driver = hindrance == _DRIVER_TOO_OLD
        raise Img23DError(ErrorCode.DRIVER_TOO_OLD if is_driver else ErrorCode.ENVIRONMENT_BROKEN, hindrance)
    label = next((label for name, label, _ in DEVICES if name == choice), choice)
    raise Img23DError(ErrorCode.BAD_REQUEST, f"This machine has no “{label}” to compute on: choose Automatic.")


def device_infos() -> tuple[DeviceInfo, ...]:
    """What the panel lists. The processor's note also tells why a card that is there cannot be used. Never raises."""
    devices, hindrance = _search()
    infos = []
    for device in devices:
        notes = (_expectation(device), _hint(device), hindrance if device.is_processor else "")
        infos.append(
            DeviceInfo(
                id=device.id,
                label=device.label,
                total_bytes=device.total_bytes,
                free_bytes=_free_now(device),
                note=" ".join(note for note in notes if note),
            )
        )
    return tuple(infos)


@cache
def _search() -> tuple[tuple[Device, ...], str]:
    """The devices, and a sentence where a card is there that cannot be used; once a process, since neither changes."""
    processor = Device(
        id=PROCESSOR,
        torch_name="cpu",
        label=f"Processor ({os.cpu_count() or 1} threads)",
        total_bytes=memory.total_bytes(),
    )
    if not has_torch():
        return (processor,), ""
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # what Metal lacks runs on the processor; read on import
    try:
        import torch
    except (ImportError, OSError):  # Windows answers a missing system library with an OSError
        log.exception("torch cannot be imported")
        return (processor,), _BROKEN
    cards, hindrance = _cards()
    if not cards and not hindrance:
        hindrance = _missing_card(has_cuda=torch.version.cuda is not None, has_rocm=torch.version.hip is not None)
    return (*cards, processor), hindrance


def _cards() -> tuple[tuple[Device, ...], str]:
    hindrance = ""
    cards: list[Device] = []
    for torch_name, label, total in _candidates():
        if _computes(torch_name):
            name = "gpu" if not cards else f"gpu:{len(cards)}"
            cards.append(Device(id=name, torch_name=torch_name, label=label, total_bytes=total))
        else:
            hindrance = _NO_KERNELS.format(label=label)
    return tuple(cards), hindrance


def _candidates() -> list[tuple[str, str, int]]:
    """(torch's name, label, bytes) of every card that torch sees."""
    import torch

    found = []
    for kind in ("cuda", "xpu"):
        module = getattr(torch, kind, None)
        if module is None or not module.is_available():
            continue
        for index in range(module.device_count()):
            properties = module.get_device_properties(index)
            found.append((f"{kind}:{index}", str(properties.name), int(properties.total_memory)))
    if torch.backends.mps.is_available():
        found.append(("mps", "Apple graphics (Metal)", int(torch.mps.recommended_max_memory())))
    return found


def _computes(torch_name: str) -> bool:
    """Whether the build has code for this card: a driver that is too old or a card that is too new shows only here."""
    import torch

    try:
        return (torch.ones(2, device=torch_name, dtype=torch.float16) + 1).sum().item() == 4
    except (RuntimeError, AssertionError) as error:
        log.warning("%s does not compute: %s", torch_name, error)
        return is_out_of_memory(error)  # another program fills it now, which may change


def _missing_card(*, has_cuda: bool, has_rocm: bool) -> str:
    """Why there is no card although the machine has one."""
    makers = _card_makers()
    if _NVIDIA in makers:
        return _DRIVER_TOO_OLD if has_cuda else _OTHER_BUILD.format(maker="NVIDIA", build="NVIDIA (CUDA)")
    if _AMD in makers and sys.platform == "linux" and not has_rocm:
        return _OTHER_BUILD.format(maker="AMD", build="AMD (ROCm)")
    return ""


def _card_makers() -> set[str]:
    """PCI vendors of the display adapters. Windows tells NVIDIA's by the driver's library alone."""
    if sys.platform == "win32":
        library = Path(os.environ.get("SystemRoot", r"C:\Windows"), "System32", "nvcuda.dll")  # noqa: SIM112  (Windows' own spelling)
        return {_NVIDIA} if library.exists() else set()
    makers = set()
    for folder in Path("/sys/bus/pci/devices").glob("*"):
        try:
            if (folder / "class").read_text(encoding="ascii").startswith(_DISPLAY_CLASS):
                makers.add((folder / "vendor").read_text(encoding="ascii").strip())
        except OSError:
            continue
    return makers


def _expectation(device: Device) -> str:
    """How long an object takes; nothing without torch, or where the card has no room left to find out."""
    if not has_torch():
        return ""
    from .speed import sentence

    try:
        return sentence(device)
    except (RuntimeError, ImportError, OSError):
        log.exception("%s was not measured", device.id)
        return ""


def _hint(device: Device) -> str:
    return _TURN_ON if not device.is_processor and device.total_bytes < _LITTLE_MEMORY else ""


def _free_now(device: Device) -> int:
    try:
        return device.free_bytes()
    except RuntimeError:  # a driver that went away
        log.exception("%s does not say what is free", device.id)
        return 0


def _free_on_card(device: Device) -> int:
    import torch

    module = getattr(torch, device.kind)
    reserved = module.memory_reserved(device.torch_name)
    kept = reserved - module.memory_allocated(device.torch_name)
    try:
        free, _ = module.mem_get_info(device.torch_name)
    except RuntimeError:  # some integrated Intel graphics do not say
        free = device.total_bytes - reserved
    return free + kept


def _free_on_mac() -> int:
    """Metal shares the machine's memory: its own limit and what the machine has left both hold."""
    import torch

    taken = torch.mps.driver_allocated_memory()
    kept = taken - torch.mps.current_allocated_memory()
    return min(torch.mps.recommended_max_memory() - taken, memory.available_bytes()) + kept


def _multiplies_bfloat16() -> bool:
    import torch

    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # torch's own question, without a public name
    return any(getattr(torch.cpu, name, bool)() for name in names)
