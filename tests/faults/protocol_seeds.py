"""Valid messages in both directions as JSON, written out from the contract's description, and damaged lines of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from mutate import mutation
from mutate_json import TEXTS, json_mutation
from record_seeds import GENERATE
from tally import split_case

_BOX = {"left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.9}
_STROKE = {"xs": [0.2, 0.3], "ys": [0.3, 0.4], "radius": 0.02, "adds": True}
_WANTED = [{"name": "left", "box": _BOX, "point": {"x": 0.3, "y": 0.4}, "strokes": [_STROKE], "height": 0.2}]
# Nothing that would write outside of the test's own folder
_INSIDE = tuple(text for text in TEXTS if "/" not in text and "\\" not in text and ".." not in text)
SAFE_TEXTS = (*_INSIDE, "/dev/full", "/dev/zero", "/dev/null/x")

Message = dict[str, Any]


def to_backend(photo: Path, folder: Path, mesh: Path) -> dict[str, Message]:
    settings = {**GENERATE["settings"], "faces": 500}
    made = {"run_folder": str(folder / "run"), "engine": "preview", "seed": 3, "settings": settings}
    return {
        "Generate": {"job": "a", "photo": str(photo), "wanted": _WANTED, "pixels_per_metre": 0.0, **made},
        "Edit": {"job": "a", "photo": str(photo), **made},
        "Locate": {"job": "a", "photo": str(photo), "wanted": _WANTED, **made},
        "Pick": {"job": "a", "photo": str(photo), "point": {"x": 0.3, "y": 0.4}, **{key: made[key] for key in ("run_folder", "seed", "settings")}},
        "Paint": {"job": "a", "mesh": str(mesh), "picture": str(photo), "name": "box", "uv": "new", **made},
        "Unwrap": {"job": "a", "mesh": str(mesh), "run_folder": made["run_folder"], "name": "box", "uv": "new", "texture_size": 1024},
        "Cancel": {"job": "a", "target": 0},
        "Unload": {"x": 1},
        "Inspect": {"x": 1},
        "Diagnose": {"job": "a", "run_folder": str(folder / "run"), "settings": settings, "try_stages": False},
        "VerifyWeights": {"job": "a", "sets": ["birefnet-general"]},
        "DeleteWeights": {"job": "a", "sets": ["birefnet-general"]},
        "InstallWeights": {"job": "a", "sets": ["no such set"], "licences": [], "online": False},
    }


def from_backend() -> dict[str, Message]:
    """To a job "job1" of two targets."""
    job = {"job": "job1"}
    engine = {"id": "preview", "label": "P", "ready": True}
    device = {"id": "gpu", "label": "Some Card", "total_bytes": 8_000_000_000, "free_bytes": 7_000_000_000, "note": "Fast."}
    weights = {"id": "birefnet-general", "label": "BiRefNet", "stage": "matte", "size_bytes": 444_000_000, "state": "ready"}
    found = [{"name": "cup", "box": _BOX, "note": ""}, {"name": "book", "box": None, "note": "?"}]
    poses = [{"x": 0.5, "y": 3.0, "yaw": 0.1, "scale": 0.3}, None]
    camera = {"focal": 1.2, "pitch": 0.3, "height": 1.4}
    return {
        "Hello": {"protocol": 4, "backend": "0.1.0", "python": "3.11.9", "pid": 1, "devices": ["cpu"], "engines": [engine]},
        "Accepted": {**job, "stages": ["locate", "matte", "shape", "paint"]},
        "Progress": {**job, "stage": "shape", "target": 0, "fraction": 0.5, "note": "Step 1"},
        "Located": {**job, "targets": found, "photo_width": 640, "photo_height": 480, "notes": ["n"]},
        "Regions": {**job, "labels": "regions.npy", "regions": [{"box": _BOX, "cutout": "00.png"}], "photo_width": 64, "photo_height": 48, "picked": 0, "notes": ["n"]},
        "CutoutReady": {**job, "target": 0, "file": "00_cutout.png", "note": ""},
        "PictureReady": {**job, "target": -1, "file": "edited.png", "width": 640, "height": 480, "note": ""},
        "FormsReady": {**job, "target": 0, "automatic": "flat"},
        "ResultReady": {**job, "target": 0, "files": ["00.glb"], "piece": {"kind": "mesh", "part": None}, "stage": "paint", "textured": True, "count": 500, "name": "", "note": "n"},
        "PreviewReady": {**job, "target": 1, "stage": "paint", "file": "00_preview.png"},
        "Arranged": {**job, "camera": camera, "poses": poses, "row_scale": 0.3, "note": ""},
        "PaintReady": {**job, "texture": "t.png", "uv": "uv.npy", "note": ""},
        "UvReady": {**job, "uv": "uv.npy", "note": ""},
        "TargetFailed": {**job, "target": 1, "code": "no_region", "sentence": "Nothing is left.", "detail": "d"},
        "TargetCancelled": {**job, "target": 1},
        "Finished": {**job, "made": 1, "failed": 1, "seconds": 1.5},
        "Cancelled": job,
        "Failed": {**job, "code": "disk_full", "sentence": "The disk is full.", "detail": "d"},
        "Diagnosed": {**job, "report": "fine", "findings": []},
        "Unloaded": {"freed": 1_000_000},
        "SetupProgress": {**job, "step": "torch", "fraction": 0.5, "note": "", "done_bytes": 1, "total_bytes": 2, "bytes_per_second": 1.0},
        "Status": {"devices": [device], "cards": [], "engines": [engine], "weights": [weights]},
        "Notice": {**job, "sentence": "It goes on with less memory."},
        "Log": {"level": "info", "text": "hello"},
    }  # fmt: skip


def damaged_line(seeds: dict[str, Message], case: str, texts: tuple[str, ...] = SAFE_TEXTS) -> bytes:
    """`case` is `kind:number`. Mostly one line of damaged JSON, else damaged bytes, noise, a huge line or a thousand short ones."""
    kind, number = split_case(case)
    chance = random.Random(f"line {number}")
    message = {"kind": kind.rpartition("-")[2], **seeds[kind.rpartition("-")[2]]}
    match number % 16:
        case 3:
            return mutation(json.dumps({**message, "photo": "", "mesh": "", "run_folder": ""}).encode(), number) + b"\n"
        case 7:
            return chance.randbytes(chance.choice((1, 100, 70_000))) + b"\n"
        case 11:
            return b"[" * chance.choice((10, 100_000)) + b"\n"
        case 13:
            return b'{"kind": "' + kind.encode() + b'", "job": "' + b"x" * chance.choice((1_000_000, 17 * 2**20)) + b'"}\n'
        case 15:
            return b"".join(chance.choice((b"\n", b"null\n", b"{}\n", b"\xff\n", b"\r\n")) for _ in range(1000))
    return json_mutation(message, number, texts=texts).encode() + b"\n"
