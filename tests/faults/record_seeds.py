"""What earlier runs and objects have left behind, written out by hand: run.json of three versions, an object's tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glb_seeds import glb
from mutate import mutation
from mutate_json import json_mutation
from tally import split_case

FOLDER = "20260102-030405-desk-abcd"  # a run's folder is named so
_BOX = {"left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.9}
_STROKE = {"xs": [0.1, 0.2], "ys": [0.3, 0.4], "radius": 0.01, "adds": True}
_ERROR = {"code": "no_region", "sentence": "Nothing in the photo is left for “lamp”.", "detail": "0 pixels"}
_LEARNED = {
    "grounder": "qwen3-vl-2b", "matter": "birefnet-general", "shape_model": "hunyuan3d-2mini", "speed": "turbo", "steps": 5,
    "guidance": 5.0, "octree_resolution": 256, "faces": 20000, "painter": "hunyuan3d-paint-turbo", "paint_steps": 10,
    "paint_guidance": 0.0, "delight": True, "small_memory": False,
    "devices": {"locate": "auto", "matte": "auto", "shape": "gpu", "paint": "cpu"},
}  # fmt: skip
_SETTINGS = {"texture": True, "texture_size": 1024, "faces": 10000, "shape": "auto", "thickness": 1.0, "learned": _LEARNED}


def _target(name: str, index: int, **more: Any) -> dict[str, Any]:
    stem = f"{index:02d}_{name}"
    return {
        "name": name, "box": _BOX, "strokes": [], "height": 0.12, "pose": {"x": 0.5, "y": 3.0, "yaw": 0.1, "scale": 0.3},
        "state": "painted", "cutout_left": 10, "cutout_top": 20, "cutout_share": 1.0,
        "files": {"cutout": f"{stem}_cutout.png", "shape": f"{stem}_shape.glb", "preview": f"{stem}_preview.png", "mesh": f"{stem}.glb"},
        "notes": ["Rounded like a cushion."], "faces": 900, "view": [[1.0, 0.0, 0.0, 0.0]] * 4,
        "seconds": {"matte": 0.2, "shape": 0.5, "paint": 0.3}, "error": None,
    } | more  # fmt: skip


GENERATE: dict[str, Any] = {
    "format": 1, "kind": "generate", "job": "abc123", "state": "finished", "started": "2026-01-02T03:04:05+00:00",
    "engine": "preview", "seed": 11, "settings": _SETTINGS, "mesh": "",
    "wanted": [{"name": "mug", "box": _BOX, "strokes": [_STROKE], "height": 0.12},
               {"name": "lamp", "box": None, "strokes": [], "height": 0.0}],
    "photo": {"path": "/photos/desk.jpg", "sha256": "0" * 64, "width": 640, "height": 480, "notes": ["Scaled down."]},
    "pixels_per_metre": 321.0, "camera": {"focal": 1.2, "pitch": 0.3, "height": 1.4}, "row_scale": 0.3,
    "targets": [_target("mug", 0), _target("lamp", 1, state="failed", files={}, error=_ERROR, pose=None)],
    "seconds": {"load": 0.1, "locate": 0.4, "matte": 0.4, "shape": 1.0, "paint": 0.6}, "peak_memory_bytes": 400_000_000,
    "versions": {"backend": "0.1.0", "protocol": "4", "python": "3.11.9"}, "error": None,
}  # fmt: skip
PAINT: dict[str, Any] = {
    **GENERATE, "kind": "paint", "mesh": "/runs/mesh.npz", "wanted": [], "camera": None,
    "targets": [_target("mug", 0, files={"texture": "00_mug_texture.png", "uv": "00_mug_uv.npy"}, pose=None)],
}  # fmt: skip
# Since protocol 9: options by engine and stage, and results of several kinds
TODAY: dict[str, Any] = {
    **GENERATE,
    "settings": {
        "common": {"texture": True, "texture_size": 2048, "quads": False},
        "preview": {"outlines": {"faces": 9000, "shape": "flat", "thickness": 0.5}, "cut_outs": {"cutter": "light", "nameless": "each"}},
        "search": {"grounder": "qwen3-vl-4b"}, "matte": {"matter": "birefnet-lite"}, "camera": {},
        "hunyuan3d": {
            "shape": {"shape_model": "hunyuan3d-2", "speed": "standard", "steps": 30, "guidance": 5.0, "octree_resolution": 380, "faces": 40000},
            "paint": {"painter": "hunyuan3d-paint", "paint_steps": 30, "paint_guidance": 2.0, "match_positions": True, "delight": True},
        },
        "machine": {"small_memory": True, "devices": {"edit": "auto", "locate": "cpu", "matte": "cpu", "shape": "gpu", "split": "auto", "paint": "gpu"}},
    },
    "targets": [
        _target("mug", 0, results=[
            {"piece": {"kind": "mesh", "part": None}, "files": ["00_mug.glb"], "textured": True, "count": 900, "name": ""},
            {"piece": {"kind": "splats", "part": None}, "files": ["00_mug.ply", "00_mug.spz"], "textured": True, "count": 200000, "name": ""},
            {"piece": {"kind": "mesh", "part": 1}, "files": ["00_mug_shape.glb"], "textured": False, "count": 90, "name": "handle"},
        ]),
        _target("lamp", 1, state="failed", files={}, results=[], error=_ERROR, pose=None),
    ],
}  # fmt: skip
OLD: dict[str, Any] = {
    "format": 1, "kind": "generate", "state": "running", "started": "2025-01-02T03:04:05", "engine": "preview", "seed": 3,
    "settings": {"texture": True, "faces": 5000}, "wanted": [{"name": "mug"}], "photo": {"path": "C:\\photos\\desk.jpg"},
    "targets": [{"name": "mug", "state": "shaped", "files": {"shape": "00_mug_shape.glb"}}],
}  # fmt: skip
TAGS: dict[str, Any] = {
    "img23d_photo": "/photos/desk.jpg", "img23d_name": "mug", "img23d_box": [0.1, 0.2, 0.5, 0.9], "img23d_seed": 11,
    "img23d_engine": "preview", "img23d_settings": json.dumps(_SETTINGS), "img23d_run_folder": "/runs/20260102-030405-desk-abcd",
    "img23d_time": "2026-01-02T03:04:05",
}  # fmt: skip
SEEDS: dict[str, dict[str, Any]] = {"generate": GENERATE, "paint": PAINT, "today": TODAY, "old": OLD, "tags": TAGS}


def damaged_record(case: str) -> bytes:
    """`case` is `seed:number`; one in four is damaged as bytes, the others as JSON."""
    name, number = split_case(case)
    if number % 4 == 0:
        return mutation(json.dumps(SEEDS[name], indent=1).encode(), number)
    return json_mutation(SEEDS[name], number).encode()


def write_files(folder: Path, photo: Path) -> None:
    """All that the records name, so that what is read on is there."""
    folder.mkdir(parents=True)
    for name in ("00_mug_shape.glb", "00_mug.glb"):
        (folder / name).write_bytes(glb(painted="shape" not in name))
    for name in ("00_mug_cutout.png", "00_mug_preview.png", "00_mug_texture.png", "00_mug_uv.npy"):
        (folder / name).write_bytes(photo.read_bytes())
