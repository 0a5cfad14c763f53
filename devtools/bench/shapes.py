"""Known things: photographed by the project, made again by the backend, compared with what they were.

Runs in the plain environment: python -m devtools.bench.shapes PHOTOS RUNS OUT.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from . import metrics, picture
from .known import KnownThing, generate, known_things, load_mesh, problem_of, read_record
from .qualities import ways
from .rows import spread
from .timing import RUNS

SLAB_DEPTH = 0.25  # of the reference's width


@dataclass(frozen=True, kw_only=True)
class ThingRow:
    """One line of the table. `seconds` are each run's own, `process_cpu` all processor seconds of each command.

    A thing of which nothing was made counts as a point in the middle of its place; it has no `psnr`.
    """

    name: str
    way: str
    problem: str
    megapixels: float
    silhouette_iou: float
    chamfer: float
    f_20: float
    f_05: float
    slab_chamfer: float
    slab_f_05: float
    psnr: float | None
    seconds: list[float]
    process_cpu: list[float]
    peak_mb: float
    faces: int
    closed: bool


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a run made of a thing, as the table needs it."""

    points: np.ndarray  # (N, 3) on its surface, fitted into the cube
    mask: np.ndarray
    psnr: float | None = None
    faces: int = 0
    closed: bool = False
    problem: str = ""


def measure(photos: Path, runs: Path, out: Path) -> None:
    """Every thing in every way of cutting out, the ways in turn."""
    rows = []
    for thing in known_things(photos):
        for way, arguments in ways().items():
            rows.append(asdict(measure_thing(thing, way, arguments, runs / way / thing.stem)))
            print(f"{thing.name}, {way}: IoU {rows[-1]['silhouette_iou']:.3f}, {spread(rows[-1]['seconds'])} s", flush=True)
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure_thing(thing: KnownThing, way: str, arguments: Sequence[str], run_folder: Path) -> ThingRow:
    mask = thing.mask
    runs = [generate(thing.photo, thing.name, run_folder, arguments) for _ in range(RUNS)]
    made = look_at(thing, run_folder)
    truth = thing.truth
    truth.apply_transform(np.array(thing.camera["to_camera"]))
    wanted = metrics.sample_surface(metrics.into_cube(truth.vertices), truth.faces, seed=1)
    score = metrics.compare_surfaces(made.points, wanted)
    slab = metrics.compare_surfaces(metrics.into_cube(metrics.slab_points(mask, depth=SLAB_DEPTH)), wanted)
    return ThingRow(
        name=thing.name,
        way=way,
        problem=made.problem,
        megapixels=mask.size / 1e6,
        silhouette_iou=metrics.mask_iou(made.mask, mask),
        chamfer=score.chamfer,
        f_20=score.f_scores[0],
        f_05=score.f_scores[1],
        slab_chamfer=slab.chamfer,
        slab_f_05=slab.f_scores[1],
        psnr=made.psnr,
        seconds=[run.seconds for run in runs],
        process_cpu=[run.processor for run in runs],
        peak_mb=max(run.peak_bytes for run in runs) / 1e6,
        faces=made.faces,
        closed=made.closed,
    )


def look_at(thing: KnownThing, run_folder: Path) -> Made:
    """What lies in a run's folder, seen from the photo's camera."""
    mask = thing.mask
    if problem := problem_of(run_folder):
        return Made(points=np.zeros((1, 3)), mask=np.zeros_like(mask), problem=problem)
    (target,) = read_record(run_folder)["targets"]
    made = load_mesh(run_folder / target["files"]["mesh"])
    drawn = picture.draw(
        picture.project(made.vertices, np.array(target["view"])),
        made.faces,
        size=mask.shape,
        uv=made.visual.uv,
        texture=np.asarray(made.visual.material.baseColorTexture.convert("RGB")),
    )
    welded = trimesh.Trimesh(made.vertices, made.faces, process=False)
    welded.merge_vertices(merge_tex=True, merge_norm=True)
    return Made(
        points=metrics.sample_surface(metrics.into_cube(made.vertices), made.faces),
        mask=drawn.mask,
        psnr=metrics.psnr(drawn.color, np.asarray(Image.open(thing.photo).convert("RGB")) / 255.0, mask),
        faces=len(made.faces),
        closed=bool(welded.is_watertight),
    )


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
