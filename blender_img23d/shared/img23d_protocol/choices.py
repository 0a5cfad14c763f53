"""What the artist can choose among the learned models: (identifier, label, tooltip), light enough for Blender's start.

The identifiers of a grounder or a matter are those of its file set in the backend's registry; a shape model's file set is
called `<shape model>-<speed>` (see `shape_set`).
"""

from __future__ import annotations

Choice = tuple[str, str, str]

PREVIEW_ENGINE = "preview"
HUNYUAN3D_ENGINE = "hunyuan3d"
ENGINES: tuple[Choice, ...] = (
    (
        PREVIEW_ENGINE,
        "Preview (built in)",
        "Works at once, without a graphics card or a download. It cuts out what stands out in the photo; it does not know what a mug is.",
    ),
    (HUNYUAN3D_ENGINE, "Hunyuan3D", "Finds named things in any photo, cuts them out, makes a full 3D shape of each and paints all its sides."),
    (
        "cutout",
        "AI cut-outs, preview shapes",
        "Finds and cuts out named things in any photo; the shapes are the preview engine's.",
    ),
)
GROUNDERS: tuple[Choice, ...] = (
    ("qwen3-vl-2b", "Qwen3-VL 2B", "Finds named things in most photos; about 4.3 GB"),
    ("qwen3-vl-4b", "Qwen3-VL 4B", "Better with small, hidden or unusual things; about 8.9 GB"),
    ("qwen3-vl-8b", "Qwen3-VL 8B", "The best at finding things, for large cards; about 17.5 GB"),
)
LIGHT_CUTTER, FINE_CUTTER = "light", "isnet-fine"
CUTTERS: tuple[Choice, ...] = (  # of the preview engine
    ("isnet", "IS-Net", "The trained network that comes with Img23D: finds and cuts out almost anything that stands out, in seconds"),
    (FINE_CUTTER, "IS-Net, closely", "Looks at each thing once more and from nearby: finer edges, several seconds more for each"),
    (LIGHT_CUTTER, "Light-weight", "Without a network: the fastest, for things that stand apart on a plain ground"),
)
PREVIEW_MATTE = "preview"
MATTERS: tuple[Choice, ...] = (
    ("birefnet-general", "BiRefNet", "Clean cut-outs of almost anything; about 0.4 GB"),
    ("birefnet-lite", "BiRefNet lite", "Smaller and faster, a little less exact at fine edges; about 0.2 GB"),
    ("birefnet-hr", "BiRefNet HR", "Works at 2048 pixels: hair, leaves, wire; needs more memory; about 0.4 GB"),
    (PREVIEW_MATTE, "Built in (IS-Net)", "The preview engine's cut-out, which comes with Img23D: no download"),
)
DEPTH_MODEL = "depth-anything-v2-metric-small"  # the file set that tells how the camera was held; used wherever it is downloaded
MULTIVIEW_MODEL = "hunyuan3d-2mv"
SHAPE_MODELS: tuple[Choice, ...] = (
    ("hunyuan3d-2mini", "Hunyuan3D 2 mini", "The small shape model: good shapes on 6 GB cards"),
    ("hunyuan3d-2", "Hunyuan3D 2.0", "The large shape model: finer shapes, several times slower"),
    (MULTIVIEW_MODEL, "Hunyuan3D 2mv", "The multiview shape model: the photo is the front view, further photos of a thing are its other sides"),
)
SPEEDS: tuple[Choice, ...] = (
    ("turbo", "Turbo", "Few steps without guidance: the fastest"),
    ("fast", "Fast", "All steps, guidance built into the model: half the time of Standard"),
    ("standard", "Standard", "All steps with guidance: follows the photo most closely"),
)
PREVIEW_PAINT = "preview"
STANDARD_PAINTER = "hunyuan3d-paint"
TURBO_PAINTER = "hunyuan3d-paint-turbo"  # the one without guidance
PAINT_DELIGHT = "hunyuan3d-delight"  # the file set that every painter of Hunyuan3D needs as well: it takes light and shadow away
PAINTERS: tuple[Choice, ...] = (
    (STANDARD_PAINTER, "Hunyuan3D Paint", "Paints every side of a shape, all steps with guidance: follows the photo most closely"),
    (TURBO_PAINTER, "Hunyuan3D Paint Turbo", "Paints every side of a shape, few steps without guidance: faster, and the sides may fit less well"),
    (PREVIEW_PAINT, "Projection (no AI model)", "Projects the photo and continues its colours on the sides that it does not show"),
)
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


def takes_side_photos(engine: str, shape_model: str) -> bool:
    """Whether an engine, with this shape model where it has several, heeds further photos of a thing."""
    return engine != HUNYUAN3D_ENGINE or shape_model == MULTIVIEW_MODEL


def torch_builds(platform: str) -> tuple[Choice, ...]:
    """The builds of PyTorch that exist for a system; all where it is none of the three."""
    return tuple(choice for choice in TORCH_BUILDS if choice[0] in _TORCH_OF.get(platform, choice))


def shape_set(shape_model: str, speed: str) -> str:
    """The file set of a shape model at a speed."""
    return f"{shape_model}-{speed}"
