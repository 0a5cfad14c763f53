"""`build_addon.py bench`: makes the photos, measures, and writes docs/benchmarks.md."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from .. import environment, package
from ..places import BACKEND, BUILD, DEMO, EXTENSION, ROOT
from ..running import clean_environment, run
from ..wheels import host_platform
from . import calibration, rounds
from .blender import blender_part, measure_blender
from .crowded import crowded_part, measure_crowded
from .cutouts.report import PHOTOS as REAL_PHOTOS, TRUTH, measure_cutouts, photos_part, truth_part
from .layout_table import layout_part
from .learned.published import measure_published, published_part
from .learned.report import PARTS, learned_part, part_titles, run_learned
from .machine import LoadMeter, machine
from .rounds import FIGURES, Round
from .rows import row, spread, table, text_line

OUT = BUILD / "bench"
PHOTOS, RUNS = OUT / "photos", OUT / "runs"
SCENES, LAYOUT_RUNS = OUT / "scenes", OUT / "layout_runs"
LAYOUT = FIGURES / "layout.json"
SHAPES, LOCATE = "shapes", "locate"
_PREVIEW = tuple(f"backend/img23d_backend/{folder}" for folder in ("cutouts", "engines/preview", "mesh"))
_SOURCES = {SHAPES: (*_PREVIEW, "devtools/bench/shapes.py"), LOCATE: (*_PREVIEW, "devtools/bench/locate.py")}
LAYOUT_SCENES = ROOT / "devtools" / "in_blender" / "layout_scenes.py"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PHOTO_SIZE, PHOTO_SAMPLES = 1024, 8
STAMP = "made_from.txt"


def run_bench(*, only: str | None, gpu: bool, photos: Path | None = None) -> None:
    """`only` is a part of the whole, or one of the learned chain's. `photos` is a folder with more of the real photos."""
    OUT.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(exist_ok=True)
    parts = {"learned"} if gpu else {only} if only else {"shapes", "layout", "blender", "crowded", "learned", TRUTH, REAL_PHOTOS}
    if parts & {"shapes", "layout", "blender", "crowded"}:
        blender = environment.bpy_environment()
    if "shapes" in parts:
        measure_shapes(blender)
    if "layout" in parts:
        measure_layout(blender)
    if parts & {"blender", "crowded"}:
        (zip_file,) = package.build([host_platform()], blender)
    if "blender" in parts:
        measure_blender(blender, zip_file, _calibrated())
    if "crowded" in parts:
        measure_crowded(zip_file, _calibrated())
    if chosen := parts & {"learned", *PARTS}:
        named = () if "learned" in chosen else tuple(chosen)
        run_learned(environment.learned_python(), machine=machine(), gpu=gpu, calibrate=_calibrated, parts=named)
    if chosen := [part for part in (TRUTH, REAL_PHOTOS) if part in parts]:
        measure_cutouts(*chosen, photos=photos)
    if "published" in parts:
        measure_published(environment.learned_python(), machine=machine())
    write_document()


def write_document() -> None:
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(), encoding="utf-8", newline="\n")
    print(f"Wrote {DOCUMENT.relative_to(ROOT)}")


def _calibrated() -> calibration.Calibration:
    return calibration.measure(environment.plain_python())


def measure_shapes(blender: environment.Blender) -> None:
    take_photos(blender)
    shutil.rmtree(RUNS, ignore_errors=True)
    for part, arguments in ((SHAPES, (PHOTOS, RUNS)), (LOCATE, (RUNS,))):
        unit, meter, out = _calibrated(), LoadMeter(), OUT / f"{part}.json"
        run([environment.plain_python(), "-m", f"devtools.bench.{part}", *arguments, out], env=clean_environment(), cwd=ROOT)
        data = json.loads(out.read_text(encoding="utf-8"))
        rows = _shape_rows(data) if part == SHAPES else [row("eight things in one photo: elapsed seconds", data["seconds"])]
        code = rounds.digest(*_SOURCES[part])
        rounds.add(part, Round(date=rounds.today(), machine=machine(), code=code, load=meter.load(), calibration=unit, rows=rows, data=data))


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
    parts = ["# Benchmarks", _HOW, *_shapes_part(), *_locate_part(), *truth_part(), *photos_part(), *layout_part(LAYOUT), *blender_part(), *crowded_part(), *learned_part(), *published_part()]
    return "\n\n".join([*parts, *_earlier_part()]) + "\n"


_HOW = (
    "Made by `python3 build_addon.py bench`. A timed row is run at least five times, ours and the reference in turn: the middle one is told, with the lowest "
    "and the highest in brackets. Rounds marked “one figure” are older than this rule: their parts were not measured since. A goal is *met* when the worst run meets it, *on the edge* when only the middle one does, else *missed*. No run is left out: "
    "what was measured on earlier code stands at the end, and all of it in docs/figures. A *unit* is the time that a fixed piece of NumPy and OpenCV work takes "
    "on the same machine in the same round (devtools/bench/calibration.py): about a second on the processor named here when nothing else runs; absolute "
    "times mean little on another machine. The things are modelled and photographed by the project (demo/), so what they really look like is known."
)


def _shape_rows(things: Sequence[dict]) -> list[dict[str, object]]:
    """`seconds` of a thing are one a run."""
    slowest = [max(seconds) for seconds in zip(*(thing["seconds"] for thing in things), strict=True)]
    mean = {key: statistics.mean(thing[key] for thing in things) for key in ("silhouette_iou", "psnr")}
    return [
        row("silhouette IoU from the photo's camera, mean", mean["silhouette_iou"], None, "≥ 0.97"),
        row("PSNR of the textured result from the photo's camera, mean, dB", mean["psnr"], None, "≥ 25"),
        row("slowest object, four stages, 1 megapixel: elapsed seconds", slowest, None, "≤ 2 units"),
        row("largest peak memory of the backend, bytes", max(thing["peak_mb"] for thing in things) * 1e6, None, "≤ 1 GB"),
    ]


def _shapes_part() -> list[str]:
    found = rounds.read(SHAPES)
    if not found or found[-1].data is None:
        return []
    things = found[-1].data
    medians = [thing | {key: statistics.median(thing[key]) for key in ("seconds", "process_cpu")} for thing in things]
    mean = {key: statistics.mean(thing[key] for thing in medians) for key in medians[0] if isinstance(medians[0][key], (int, float))}
    lines = [text_line(SHAPE_HEAD), "|---|" + "---:|" * (len(SHAPE_HEAD) - 1)]
    lines += [text_line([thing["name"], *_shape_cells(thing), "yes" if thing["closed"] else "NO"]) for thing in medians]
    closed = sum(thing["closed"] for thing in things)
    lines += [text_line(["**mean**", *_shape_cells(mean), f"{closed} of {len(things)}"])]
    return ["## One thing a photo", _shape_words(things), "\n".join(lines), rounds.headings(found), table(rounds.current_lines(found))]


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
        "file; processor seconds are those of the whole command; both are the middle of five runs; memory is the backend's peak."
    )


def _locate_part() -> list[str]:
    found = rounds.read(LOCATE)
    if not found or found[-1].data is None:
        return []
    data = found[-1].data
    lines = [text_line(("name", "IoU of its silhouette with the thing meant")), "|---|---:|"]
    lines += [text_line((thing["name"], f"{thing['iou']:.3f}")) for thing in data["rows"]]
    right = sum(thing["iou"] > 0.5 for thing in data["rows"])
    words = f"The demo photo, {len(data['rows'])} names at once: {right} of {len(data['rows'])} names got the thing meant, in {spread(data['seconds'])} s for all."
    return ["## Eight things in one photo", words, "\n".join(lines)]


def _earlier_part() -> list[str]:
    """The goals of every round that measured other code than the newest."""
    lines = []
    titles = {SHAPES: "One thing a photo", "blender": "In Blender", "crowded": "The panel", **part_titles()}
    for part, title in titles.items():
        for one, line in rounds.earlier_lines(rounds.read(part)):
            where = f"{one.date}, {one.note}" if one.note else f"{one.date}, {one.load.text() if one.load else ''}"
            lines.append(text_line((title, where, line.what, spread(line.decisive(), suffix="x" if line.goal.endswith("x") else ""), line.goal, line.verdict())))
    if not lines:
        return []
    words = "What was timed. “One figure” is that of one run, or the best or the middle of three. All of it, with the machines, is in docs/figures."
    head = [text_line(("part", "when, and under what load", "what", "figure", "goal", "")), "|---|---|---|---:|---|---|"]
    return ["## Earlier rounds, on earlier code", words, "\n".join([*head, *lines])]
