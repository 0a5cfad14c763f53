"""Small trained checkpoints in exactly the published layouts, as a models folder that the program takes for a real one.

    python tests/tiny/make.py        makes what is missing and prints the folder

Each is made again when the scripts here or the training data change.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "tiny"
MODELS = BUILD / "models"
STAMP = "made-from.txt"
PROMPT = ROOT / "backend" / "img23d_backend" / "engines" / "qwen3vl"
# File set -> the module here that makes it, and what else it is made from
MAKERS: dict[str, tuple[str, tuple[Path, ...]]] = {
    "qwen3-vl-2b": ("qwen", (Path(__file__).with_name("qwen_files.py"), PROMPT / "prompt.py", PROMPT / "model.py")),
    "birefnet-general": ("birefnet", ()),
    "hunyuan3d-2mini-turbo": ("shape", ()),
}


def make_all() -> Path:
    """The models folder. Two processes at once do the same work twice, and the later one wins."""
    for set_id, (module, sources) in MAKERS.items():
        key = _key(module, sources)
        stamp = MODELS / set_id / STAMP
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != key:
            _make(set_id, module, key)
    return MODELS


def _make(set_id: str, module: str, key: str) -> None:
    """In a folder of its own first, so that a half-made checkpoint is never taken for one."""
    from img23d_backend.models.weights import WeightStore

    draft = BUILD / f"draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / set_id).mkdir(parents=True)
    importlib.import_module(f"tiny.{module}").make(draft / set_id)
    WeightStore(draft).adopt(set_id)
    (draft / set_id / STAMP).write_text(key, encoding="utf-8")
    shutil.rmtree(MODELS / set_id, ignore_errors=True)
    MODELS.mkdir(parents=True, exist_ok=True)
    (draft / set_id).replace(MODELS / set_id)
    shutil.rmtree(draft, ignore_errors=True)


def _key(module: str, sources: tuple[Path, ...]) -> str:
    """Changes with what a checkpoint is made from."""
    digest = hashlib.sha256()
    pictures = (ROOT / "demo" / "photo.jpg", ROOT / "demo" / "masks.png")
    for path in (Path(__file__).with_name(f"{module}.py"), *sources, *pictures):
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    for folder in (ROOT / "tests", ROOT / "backend", ROOT / "blender_img23d" / "shared"):
        sys.path.insert(0, str(folder))
    print(make_all())
