"""Known things: photographed by the project, made again by the backend, compared with what they were.

Runs in the plain environment: python -m devtools.bench.shapes PHOTOS RUNS OUT.json
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from ..places import BACKEND, EXTENSION
from . import metrics, picture
from .rows import spread
from .timing import RUNS

SLAB_DEPTH = 0.25  # of the reference's width


@dataclass(frozen=True, kw_only=True)
class ThingRow:
    """One line of the table. `seconds` are each run's own, `process_cpu` all processor seconds of each command."""

    name: str
    megapixels: float
    silhouette_iou: float
    chamfer: float
    f_20: float
    f_05: float
    slab_chamfer: float
    slab_f_05: float
    psnr: float
    seconds: list[float]
    process_cpu: list[float]
    peak_mb: float
    faces: int
    closed: bool


def measure(photos: Path, runs: Path, out: Path) -> None:
    rows = []
    for camera in sorted(photos.glob("*_camera.json")):
        stem = camera.name.removesuffix("_camera.json")
        rows.append(asdict(measure_thing(stem, photos, runs / stem)))
        print(f"{rows[-1]['name']}: IoU {rows[-1]['silhouette_iou']:.3f}, {spread(rows[-1]['seconds'])} s", flush=True)
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure_thing(stem: str, photos: Path, run_folder: Path) -> ThingRow:
    camera = json.loads((photos / f"{stem}_camera.json").read_text(encoding="utf-8"))
    photo = np.asarray(Image.open(photos / f"{stem}.png").convert("RGB")) / 255.0
    mask = np.asarray(Image.open(photos / f"{stem}_mask.png").convert("L")) == 1
    (name,) = camera["names"]
    runs = [generate(photos / f"{stem}.png", name, run_folder) for _ in range(RUNS)]
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    (target,) = record["targets"]

    made = load_mesh(run_folder / target["files"]["mesh"])
    drawn = picture.draw(
        picture.project(made.vertices, np.array(target["view"])),
        made.faces,
        size=mask.shape,
        uv=made.visual.uv,
        texture=np.asarray(made.visual.material.baseColorTexture.convert("RGB")),
    )
    truth = load_mesh(photos / f"{stem}_truth.glb")
    truth.apply_transform(np.array(camera["to_camera"]))
    wanted = metrics.sample_surface(metrics.into_cube(truth.vertices), truth.faces, seed=1)
    score = metrics.compare_surfaces(metrics.sample_surface(metrics.into_cube(made.vertices), made.faces), wanted)
    slab = metrics.compare_surfaces(metrics.into_cube(metrics.slab_points(mask, depth=SLAB_DEPTH)), wanted)
    welded = trimesh.Trimesh(made.vertices, made.faces, process=False)
    welded.merge_vertices(merge_tex=True, merge_norm=True)
    return ThingRow(
        name=name,
        megapixels=mask.size / 1e6,
        silhouette_iou=metrics.mask_iou(drawn.mask, mask),
        chamfer=score.chamfer,
        f_20=score.f_scores[0],
        f_05=score.f_scores[1],
        slab_chamfer=slab.chamfer,
        slab_f_05=slab.f_scores[1],
        psnr=metrics.psnr(drawn.color, photo, mask),
        seconds=[run.seconds for run in runs],
        process_cpu=[run.processor for run in runs],
        peak_mb=record["peak_memory_bytes"] / 1e6,
        faces=len(made.faces),
        closed=bool(welded.is_watertight),
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """`seconds` as the run's record has them, `processor` those of the whole command, which other programs change little."""

    seconds: float
    processor: float


def generate(photo: Path, names: str, run_folder: Path) -> Run:
    """Run the command line as a user would, into an empty folder."""
    shutil.rmtree(run_folder, ignore_errors=True)
    command = [sys.executable, "-s", "-m", "img23d_backend", "generate", str(photo), "--names", names]
    path = os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")])
    before = os.times()
    subprocess.run(
        [*command, "--out", str(run_folder), "--seed", "0"],
        env=os.environ | {"PYTHONPATH": path},
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = os.times()
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(seconds=sum(record["seconds"].values()), processor=processor)


def load_mesh(path: Path) -> trimesh.Trimesh:
    """All of a GLB as one mesh in its scene's space, vertices as they are in the file."""
    scene = trimesh.load_scene(path, process=False)
    return scene.to_mesh()


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
