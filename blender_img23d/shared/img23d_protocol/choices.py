"""What the artist can choose about the computer, and the licences: (identifier, label, tooltip), light enough for Blender's start."""

from __future__ import annotations

from .values import Value

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
INSTANTMESH_LICENCE = "instantmesh-non-commercial-1"
INSTANTMESH_LICENCE_LINK = "https://creativecommons.org/licenses/by-nc/4.0/legalcode"
AUTOPARTGEN_LICENCE = "autopartgen-fair-noncommercial-1"
AUTOPARTGEN_LICENCE_LINK = "https://github.com/facebookresearch/AutoPartGen/blob/main/LICENSE"


class Licence(Value):
    """What is asked and told about a licence: `notice` before it is accepted, `answer` on the button, `accepted` afterwards, `lacking` where
    something needs it that was asked for without, `recorded` with each object that was made under it.
    """

    id: str
    of: str
    link: str
    notice: str
    answer: str
    accepted: str
    lacking: str
    recorded: str


LICENCES: tuple[Licence, ...] = (
    Licence(
        id=TENCENT_LICENCE,
        of="Hunyuan3D",
        link=TENCENT_LICENCE_LINK,
        notice=(
            "Hunyuan3D's licence is not granted in the European Union, the United Kingdom and South Korea: "
            "neither the model nor anything made with it may be used there."
        ),
        answer="I Accept, and Am Not There",
        accepted="You have accepted it, and said that you are not in the EU, the UK or South Korea.",
        lacking=(
            "Hunyuan3D's licence is not accepted yet: read and accept it under AI Models, "
            "or use TRELLIS with the colours of its splats, which may be used everywhere."
        ),
        recorded="Not for the EU, the UK and South Korea",
    ),
    Licence(
        id=INSTANTMESH_LICENCE,
        of="InstantMesh",
        link=INSTANTMESH_LICENCE_LINK,
        notice=(
            "InstantMesh's models began with ones under a non-commercial licence (CC-BY-NC 4.0), although their own page says Apache-2.0. "
            "Img23D takes them as non-commercial: do not use them in any work that is paid for."
        ),
        answer="I Accept, for Non-Commercial Use",
        accepted="You have accepted it, for non-commercial use.",
        lacking="InstantMesh's licence is not accepted yet: read and accept it under AI Models, or use TRELLIS or Light, which may be used for everything.",
        recorded="Non-commercial",
    ),
    Licence(
        id=AUTOPARTGEN_LICENCE,
        of="AutoPartGen",
        link=AUTOPARTGEN_LICENCE_LINK,
        notice=(
            "AutoPartGen's licence (FAIR Noncommercial Research License) is for non-commercial research only: "
            "neither the model nor anything made with it may be used in any work that is paid for."
        ),
        answer="I Accept, for Non-Commercial Research",
        accepted="You have accepted it, for non-commercial research.",
        lacking="AutoPartGen's licence is not accepted yet: read and accept it under AI Models, or use the built-in splitter, which may be used for everything.",
        recorded="Non-commercial research only",
    ),
)


def licence_named(identifier: str) -> Licence:
    """Raises KeyError."""
    return {one.id: one for one in LICENCES}[identifier]


def torch_builds(platform: str) -> tuple[Choice, ...]:
    """The builds of PyTorch that exist for a system; all where it is none of the three."""
    return tuple(choice for choice in TORCH_BUILDS if choice[0] in _TORCH_OF.get(platform, choice))
