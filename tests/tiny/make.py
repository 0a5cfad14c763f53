"""Small trained checkpoints in exactly the published layouts, as a models folder that the program takes for a real one.

    python tests/tiny/make.py              makes what is missing and prints the folder
    python tests/tiny/make.py SET ...      makes file sets
    python tests/tiny/make.py --keep SET ...
                                           keeps file sets that are made, as files of this repository

Each is made again when the scripts here or the training data change. What takes minutes to train is kept in `kept`: as long as nothing of
that has changed it is taken from there.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "tiny"
MODELS = BUILD / "models"
KEPT = Path(__file__).with_name("kept")
STAMP = "made-from.txt"
PROCESSES = 2
PROMPT = ROOT / "backend" / "img23d_backend" / "engines" / "qwen3vl"
DETECTOR = ROOT / "backend" / "img23d_backend" / "engines" / "llmdet"
DEPTH = ROOT / "backend" / "img23d_backend" / "engines" / "depth_anything" / "depth.py"
DINO = Path(__file__).with_name("dinov2.py")
PAINT_SOURCES = tuple(Path(__file__).with_name(name) for name in ("latents.py", "solids.py"))
TRELLIS_SOURCES = (DINO, Path(__file__).with_name("inflated.py"))
INSTANTMESH_SOURCES = tuple(Path(__file__).with_name(name) for name in ("around.py", "inflated.py", "latents.py"))
ASSEMBLED = (Path(__file__).with_name("assembled.py"), KEPT / "dinov2-with-registers-large" / "model.safetensors")  # whose tokens it learns by
KLEIN_SOURCES = tuple(Path(__file__).with_name(name) for name in ("clutter.py", "latents.py", "qwen_files.py"))
# File set -> the module here that makes it, and what else it is made from; what takes longest comes first
MAKERS: dict[str, tuple[str, tuple[Path, ...]]] = {
    "trellis-image-large": ("trellis", TRELLIS_SOURCES),
    "dinov2-with-registers-large": ("trellis", TRELLIS_SOURCES),
    "instantmesh-mesh-large": ("instantmesh", INSTANTMESH_SOURCES),
    "instantmesh-views": ("instantmesh", INSTANTMESH_SOURCES),
    "zero123plus": ("instantmesh", INSTANTMESH_SOURCES),
    "triposg": ("triposg", (DINO, Path(__file__).with_name("inflated.py"), Path(__file__).with_name("vecset.py"))),
    "autopartgen-2048": ("autopartgen", ASSEMBLED),
    "autopartgen-4096": ("autopartgen", ASSEMBLED),
    "autopartgen-vae": ("autopartgen", ASSEMBLED),
    "holopart": ("boxes", (DINO,)),
    "partcrafter": ("boxes", (DINO,)),
    "flux2-klein-4b": ("klein", KLEIN_SOURCES),
    "triposr": ("triposr", (Path(__file__).with_name("inflated.py"),)),
    "qwen3-vl-2b": ("qwen", (Path(__file__).with_name("qwen_files.py"), PROMPT / "prompt.py", PROMPT / "model.py")),
    "llmdet-tiny": ("llmdet", (Path(__file__).with_name("llmdet_files.py"), DETECTOR / "model.py", DETECTOR / "prompt.py")),
    "birefnet-general": ("birefnet", ()),
    "birefnet-lite": ("birefnet", (KEPT / "birefnet-general" / "model.safetensors",)),
    "depth-anything-v2-metric-small": ("depth", (DEPTH, DINO)),
    "hunyuan3d-2mini-turbo": ("shape", (DINO,)),
    "hunyuan3d-delight": ("delight", PAINT_SOURCES),
    "hunyuan3d-paint": ("paint", PAINT_SOURCES),
    "hunyuan3d-paint-turbo": ("paint", (*PAINT_SOURCES, KEPT / "hunyuan3d-paint" / "hunyuan3d-paint-v2-0" / "unet" / "diffusion_pytorch_model.safetensors")),
}


def make_all() -> Path:
    """The models folder. Two callers at once do the same work twice, and the later one wins."""
    missing: dict[str, list[str]] = {}
    for set_id, (module, _) in MAKERS.items():
        if not is_made(MODELS, set_id) and is_made(KEPT, set_id):
            _copy(set_id, KEPT, MODELS)
        if not is_made(MODELS, set_id):
            missing.setdefault(module, []).append(set_id)
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(_make_in_a_process, missing.values()))
    return MODELS


def _make_in_a_process(set_ids: list[str]) -> None:
    """The sets of one module, which may share a training. One thread: for networks this small a second one only waits."""
    command, variables = [sys.executable, __file__, *set_ids], {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{', '.join(set_ids)} could not be made:\n{done.stderr}")


def make(set_id: str) -> None:
    """In a folder of its own first, so that a half-made checkpoint is never taken for one."""
    from img23d_backend.weights.store import WeightStore

    draft = BUILD / f"draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / set_id).mkdir(parents=True)
    importlib.import_module(f"tiny.{MAKERS[set_id][0]}").make(draft / set_id)
    WeightStore(draft).adopt(set_id)
    (draft / set_id / STAMP).write_text(_key(set_id), encoding="utf-8")
    shutil.rmtree(MODELS / set_id, ignore_errors=True)
    MODELS.mkdir(parents=True, exist_ok=True)
    (draft / set_id).replace(MODELS / set_id)
    shutil.rmtree(draft, ignore_errors=True)


def keep(set_id: str) -> None:
    if not is_made(MODELS, set_id):
        raise SystemExit(f"{set_id} is not made, or not from what stands here now: make it first.")
    _copy(set_id, MODELS, KEPT)


def _copy(set_id: str, source: Path, target: Path) -> None:
    shutil.rmtree(target / set_id, ignore_errors=True)
    shutil.copytree(source / set_id, target / set_id, copy_function=shutil.copyfile)


def is_made(models: Path, set_id: str) -> bool:
    """Whether the folder has the file set, made from what stands here now."""
    stamp = models / set_id / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _key(set_id)


def _key(set_id: str) -> str:
    """Changes with what a checkpoint is made from."""
    module, sources = MAKERS[set_id]
    digest = hashlib.sha256()
    pictures = (ROOT / "demo" / "plain" / "photo.jpg", ROOT / "demo" / "plain" / "masks.png")
    for path in (Path(__file__).with_name(f"{module}.py"), *sources, *pictures):
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    for folder in (ROOT / "tests", ROOT / "backend", ROOT / "blender_img23d" / "shared"):
        sys.path.insert(0, str(folder))
    is_kept = sys.argv[1:2] == ["--keep"]
    for argument in sys.argv[1 + is_kept :]:
        (keep if is_kept else make)(argument)
    if not sys.argv[1:]:
        print(make_all())
