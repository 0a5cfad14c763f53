"""What the artist can choose about the computer, and the licences: (identifier, label, tooltip), light enough for Blender's start."""

from __future__ import annotations

Choice = tuple[str, str, str]

TORCH_BUILDS: tuple[Choice, ...] = (
    ("auto", "Automatic", "The build that fits this machine's graphics card and driver"),
    ("cuda", "NVIDIA (CUDA)", "For NVIDIA cards: the build that fits the card and its driver"),
    ("cu126", "NVIDIA (CUDA 12.6)", "For GTX 900 to GTX 10, Titan V and V100, and for RTX 20 to 40 with a driver older than 580"),
    ("cu130", "NVIDIA (CUDA 13.0)", "For RTX 20 to 50, GTX 16 and newer ones, with driver 580 or newer"),
    ("cu132", "NVIDIA (CUDA 13.2)", "As CUDA 13.0, experimental, with driver 595 or newer; published without checksums"),
    ("rocm", "AMD (ROCm)", "For AMD cards on Linux"),
    ("xpu", "Intel (XPU)", "For Intel Arc cards"),
    ("mps", "Apple (Metal)", "For Macs with Apple silicon"),
    ("cpu", "Processor only", "Works everywhere, slowly"),
)
# Those that PyTorch publishes for a system, by Python's name of it
_TORCH_OF = {
    "linux": ("auto", "cuda", "cu126", "cu130", "cu132", "rocm", "xpu", "cpu"),
    "win32": ("auto", "cuda", "cu126", "cu130", "cu132", "xpu", "cpu"),
    "darwin": ("auto", "mps", "cpu"),
}
AUTO_DEVICE = "auto"
DEVICES: tuple[Choice, ...] = (
    (AUTO_DEVICE, "Automatic", "The graphics card where there is one, otherwise the processor"),
    ("gpu", "Graphics card", "The first graphics card"),
    ("gpu:1", "Second graphics card", "The second graphics card, such as one that drives no screen"),
    ("cpu", "Processor", "Slower, but leaves the graphics card's memory alone"),
)

# Licences that must be accepted before a download; the number counts the versions of our own notice about it.
TENCENT_LICENCE = "tencent-hunyuan3d-2-community-1"
TENCENT_LICENCE_LINK = "https://github.com/Tencent-Hunyuan/Hunyuan3D-2/blob/main/LICENSE"


def torch_builds(platform: str) -> tuple[Choice, ...]:
    """The builds of PyTorch that exist for a system; all where it is none of the three."""
    return tuple(choice for choice in TORCH_BUILDS if choice[0] in _TORCH_OF.get(platform, choice))
