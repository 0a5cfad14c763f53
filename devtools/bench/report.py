"""`build_addon.py bench`: makes the photos, measures, and writes docs/benchmarks.md."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from .. import environment, package
from ..places import BACKEND, BUILD, DEMO, EXTENSION, ROOT
from ..running import clean_environment, run
from ..wheels import host_platform
from . import blender as blender_part
from .crowded import crowded_part, measure_crowded
from .layout_table import layout_part
from .learned.published import measure_published, published_part
from .learned.report import FIGURES, learned_part, run_learned

OUT = BUILD / "bench"
PHOTOS, RUNS = OUT / "photos", OUT / "runs"
SCENES, LAYOUT_RUNS = OUT / "scenes", OUT / "layout_runs"
SHAPES, LAYOUT, BLENDER, CROWDED, LOCATE = (
    FIGURES / f"{part}.json" for part in ("shapes", "layout", "blender", "crowded", "locate")
)
LAYOUT_SCENES = ROOT / "devtools" / "in_blender" / "layout_scenes.py"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PHOTO_SIZE, PHOTO_SAMPLES = 1024, 8
STAMP = "made_from.txt"


def run_bench(*, only: str | None, gpu: bool) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(exist_ok=True)
    parts = {"learned"} if gpu else {only} if only else {"shapes", "layout", "blender", "learned"}
    if parts & {"shapes", "layout", "blender"}:
        blender = environment.bpy_environment()
    if "shapes" in parts:
        measure_shapes(blender)
    if "layout" in parts:
        measure_layout(blender)
    if "blender" in parts:
        (zip_file,) = package.build([host_platform()], blender)
        blender_part.measure(blender, zip_file, BLENDER)
        measure_crowded(zip_file, CROWDED)
    if "learned" in parts:
        run_learned(environment.learned_python(), machine=machine(), gpu=gpu)
    if "published" in parts:
        measure_published(environment.learned_python(), machine=machine())
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(), encoding="utf-8", newline="\n")
    print(f"Wrote {DOCUMENT.relative_to(ROOT)}")


def measure_shapes(blender: environment.Blender) -> None:
    take_photos(blender)
    shutil.rmtree(RUNS, ignore_errors=True)
    python = environment.plain_python()
    run([python, "-m", "devtools.bench.shapes", PHOTOS, RUNS, SHAPES], env=clean_environment(), cwd=ROOT)
    run([python, "-m", "devtools.bench.locate", RUNS, LOCATE], env=clean_environment(), cwd=ROOT)


def measure_layout(blender: environment.Blender) -> None:
    if _is_older(SCENES, LAYOUT_SCENES):
        print("Taking the photos of the scenes (some minutes, once) ...", flush=True)
        run(blender.command(LAYOUT_SCENES, SCENES), env=clean_environment())
        _keep_stamp(SCENES, LAYOUT_SCENES)
    shutil.rmtree(LAYOUT_RUNS, ignore_errors=True)
    command = [environment.plain_python(), "-m", "devtools.bench.layout", SCENES, LAYOUT_RUNS, LAYOUT]
    path = os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")])
    run(command, env=clean_environment(PYTHONPATH=path), cwd=ROOT)


def take_photos(blender: environment.Blender) -> None:
    if not _is_older(PHOTOS):
        return
    print("Taking the photos of the known things (some minutes, once) ...", flush=True)
    command = blender.command(DEMO / "make_photo.py", "--single", PHOTOS, "--size", str(PHOTO_SIZE), "--samples", str(PHOTO_SAMPLES))
    run(command, env=clean_environment())
    _keep_stamp(PHOTOS)


def _is_older(folder: Path, *scripts: Path) -> bool:
    """Whether the photos there are to be taken, or again since the demo's or these scripts changed; the folder is emptied then."""
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest(*scripts):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _keep_stamp(folder: Path, *scripts: Path) -> None:
    (folder / STAMP).write_text(_digest(*scripts), encoding="utf-8")


def _digest(*scripts: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in [*sorted(DEMO.glob("*.py")), *scripts])).hexdigest()


# --- the document ---------------------------------------------------------------------------------------------------


def document() -> str:
    parts = ["# Benchmarks", _how(), *_shapes_part(), *_locate_part(), *layout_part(LAYOUT), *_blender_part(), *crowded_part(CROWDED), *learned_part(), *published_part()]
    return "\n\n".join(parts) + "\n"


def _how() -> str:
    return (
        f"Made by `python3 build_addon.py bench` on {date.today().isoformat()}, on {machine()}. A goal that is missed says so. "
        "The things are modelled and photographed by the project (demo/), so what they really look like is known."
    )


def machine() -> str:
    """In words, without a name: processor kind, cores, memory, system."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB of memory"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores of a {platform.machine()} processor{memory}, no graphics card used, {platform.system()}"


def _shapes_part() -> list[str]:
    if not SHAPES.is_file():
        return []
    rows = json.loads(SHAPES.read_text(encoding="utf-8"))
    mean = {key: statistics.mean(row[key] for row in rows) for key in rows[0] if isinstance(rows[0][key], (int, float))}
    worst = {"seconds": max(row["seconds"] for row in rows), "peak_mb": max(row["peak_mb"] for row in rows)}
    lines = [_line(SHAPE_HEAD), "|---|" + "---:|" * (len(SHAPE_HEAD) - 1)]
    lines += [_line([row["name"], *_shape_cells(row), "yes" if row["closed"] else "NO"]) for row in rows]
    closed = sum(row["closed"] for row in rows)
    lines += [_line(["**mean**", *_shape_cells(mean), f"{closed} of {len(rows)}"])]
    goals = [
        _goal("silhouette IoU from the photo's camera, mean", f"{mean['silhouette_iou']:.3f}", "at least 0.97", mean["silhouette_iou"] >= 0.97),
        _goal("PSNR of the textured result from the photo's camera, mean", f"{mean['psnr']:.1f} dB", "at least 25 dB", mean["psnr"] >= 25),
        _goal("slowest object, four stages", f"{worst['seconds']:.2f} s", "at most 2 s at 1 megapixel", worst["seconds"] <= 2),
        _goal("largest peak memory of the backend", f"{worst['peak_mb']:.0f} MB", "under 1 GB", worst["peak_mb"] < 1000),
    ]
    return ["## One thing a photo", _shape_words(rows), "\n".join(lines), _goal_table(goals)]


SHAPE_HEAD = ("thing", "silhouette IoU", "chamfer", "F at 0.2", "F at 0.05", "board: chamfer", "board: F at 0.05", "chamfer to board's", "PSNR dB", "s an object", "CPU s with start", "peak MB", "faces", "closed")


def _shape_cells(row: dict[str, float]) -> list[str]:
    ratio = row["chamfer"] / row["slab_chamfer"]
    cells = [f"{row[key]:.3f}" for key in ("silhouette_iou", "chamfer", "f_20", "f_05", "slab_chamfer", "slab_f_05")]
    cells += [f"{ratio:.2f}", f"{row['psnr']:.1f}", f"{row['seconds']:.2f}", f"{row['process_cpu']:.2f}"]
    return [*cells, f"{row['peak_mb']:.0f}", f"{row['faces']:.0f}"]


def _shape_words(rows: Sequence[dict[str, float]]) -> str:
    return (
        f"Photos of {rows[0]['megapixels']:.1f} megapixels from 10 degrees above; default settings (texture of 1024 pixels). Silhouette and "
        "PSNR (over the thing's own pixels, unlit texture against the photo) are seen through the camera that the run's record "
        "gives. Chamfer (the mean of both directions' mean distances) and F-score follow InstantMesh's protocol: both meshes scaled into [-1, 1]^3, the "
        "truth turned into the camera's frame, 16,000 samples each. The board is the reference in the same run: the true "
        "outline cut out of a board a quarter as deep as wide. Seconds are the run's own from reading the photo to the last "
        "file; processor seconds are those of the whole command; memory is the backend's peak."
    )


def _locate_part() -> list[str]:
    if not LOCATE.is_file():
        return []
    found = json.loads(LOCATE.read_text(encoding="utf-8"))
    lines = [_line(("name", "IoU of its silhouette with the thing meant")), "|---|---:|"]
    lines += [_line((row["name"], f"{row['iou']:.3f}")) for row in found["rows"]]
    right = sum(row["iou"] > 0.5 for row in found["rows"])
    words = f"The demo photo, {len(found['rows'])} names at once: {right} of {len(found['rows'])} names got the thing meant, in {found['seconds']:.2f} s for all."
    return ["## Eight things in one photo", words, "\n".join(lines)]


def _blender_part() -> list[str]:
    if not BLENDER.is_file():
        return []
    data = json.loads(BLENDER.read_text(encoding="utf-8"))
    ticks, imports = sorted(data["tick_seconds"]), sorted(data["import_seconds"])
    waiting = sorted((Counter(ticks) - Counter(imports)).elements())  # the pump writes an import's seconds into both
    lines = [_line(("ticks", "how many", "p50 ms", "p99 ms", "longest ms")), "|---|---:|---:|---:|---:|"]
    for label, values in (("all", ticks), ("without those that bring an object in", waiting), ("those that bring an object in", imports)):
        lines.append(_line((label, str(len(values)), *(f"{1000 * _quantile(values, q):.2f}" for q in (0.5, 0.99, 1.0)))))
    p99 = 1000 * _quantile(ticks, 0.99)
    enabling = 1000 * data["enable_seconds"]
    goals = [
        _goal("main-thread time of a pump tick, p99 of all", f"{p99:.1f} ms", "at most 5 ms", p99 <= 5),
        _goal("enabling the extension at Blender's start", f"{enabling:.1f} ms", "at most 30 ms", enabling <= 30),
    ]
    words = (
        f"Blender {data['blender']}, the installed zip, the demo photo with {data['wanted']} names: {data['objects']} objects in "
        f"{data['seconds']:.1f} s, the backend's start included. Enabling is the median of {blender_part.STARTS} fresh starts "
        f"({1000 * data['enable_first']:.0f} ms the very first time, when Python compiles the files). An object's mesh is read "
        "and welded beside the main thread, which only hands the arrays over to Blender."
    )
    return ["## In Blender", words, "\n".join(lines), _goal_table(goals)]


def _quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all reach; 0 where there is none."""
    return values[min(int(share * len(values)), len(values) - 1)] if values else 0.0


def _goal(what: str, figure: str, goal: str, met: bool) -> tuple[str, str, str, str]:
    return what, figure, goal, "met" if met else "**missed**"


def _goal_table(goals: Sequence[tuple[str, str, str, str]]) -> str:
    return "\n".join([_line(("goal", "measured", "wanted", "")), "|---|---:|---:|---|", *map(_line, goals)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
