"""`build_addon.py bench`: makes the photos, measures, and writes docs/benchmarks.md."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import environment, package
from ..places import BACKEND, BUILD, DEMO, EXTENSION, PLAIN_PHOTO, ROOT
from ..running import clean_environment, run
from ..wheels import host_platform
from . import calibration, rounds
from .batch import batch_part, measure_batch
from .blender import blender_part, measure_blender
from .crowded import crowded_part, measure_crowded
from .cutouts.report import PHOTOS as REAL_PHOTOS
from .cutouts.report import TRUTH, measure_cutouts, photos_part, truth_part
from .layout_table import layout_part
from .learned.published import measure_published, published_part
from .learned.report import GROUPS, PARTS, learned_part, part_titles, run_learned
from .machine import LoadMeter, machine
from .network import network_part
from .parts import measure_parts, parts_part
from .quality import measure_quality, quality_part
from .relay import measure_relay, relay_part
from .relief import measure_relief, relief_part
from .rounds import FIGURES, Round
from .rows import Row, row, spread, text_line
from .serve import measure_serve, serve_part
from .shapes_table import harder_part, harder_rows, qualities_part, quality_rows, shape_rows, shapes_part
from .splats import measure_splats, splats_part

OUT = BUILD / "bench"
PHOTOS, RUNS = OUT / "photos", OUT / "runs"
HARDER_PHOTOS = DEMO / "harder"
SCENES, LAYOUT_RUNS = OUT / "scenes", OUT / "layout_runs"
LAYOUT = FIGURES / "layout.json"
SHAPES, HARDER, LOCATE, ROOM, QUALITIES = "shapes", "harder", "locate", "room", "qualities"
_PREVIEW = tuple(f"backend/img23d_backend/{folder}" for folder in ("cutouts", "engines/preview", "mesh"))
_SOURCES = {
    SHAPES: (*_PREVIEW, "devtools/bench/shapes.py", "devtools/bench/known.py"),
    HARDER: (*_PREVIEW, "devtools/bench/shapes.py", "devtools/bench/known.py"),
    QUALITIES: (*_PREVIEW, "devtools/bench/qualities.py"),
    LOCATE: (*_PREVIEW, "devtools/bench/locate.py"),
    ROOM: (*_PREVIEW, "devtools/bench/locate.py"),
}
LAYOUT_SCENES = ROOT / "devtools" / "in_blender" / "layout_scenes.py"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PHOTO_SIZE, PHOTO_SAMPLES = 1024, 8
STAMP = "made_from.txt"


def run_bench(*, only: str | None, gpu: bool, photos: Path | None = None) -> None:
    """`only` is a part of the whole, or one of the learned chain's. `photos` is a folder with more of the real photos."""
    OUT.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(exist_ok=True)
    parts = (
        {"learned"}
        if gpu
        else {only}
        if only
        else {"shapes", "layout", "blender", "crowded", "splats", "learned", "quality", "relief", "parts", "serve", "relay", TRUTH, REAL_PHOTOS}
    )
    if parts & {"shapes", "layout", "blender", "crowded", "splats"}:
        blender = environment.bpy_environment()
    if "shapes" in parts:
        measure_shapes(blender)
    if "layout" in parts:
        measure_layout(blender)
    if parts & {"blender", "crowded", "splats"}:
        (zip_file,) = package.build([host_platform()], blender)
    if "blender" in parts:
        measure_blender(blender, zip_file, _calibrated())
    if "crowded" in parts:
        measure_crowded(zip_file, _calibrated())
    if "splats" in parts:
        measure_splats(blender, zip_file, _calibrated())
    if chosen := parts & {"learned", *GROUPS, *PARTS}:
        named = () if "learned" in chosen else [one for part in chosen for one in GROUPS.get(part, (part,))]
        run_learned(environment.learned_python(), machine=machine(), gpu=gpu, calibrate=_calibrated, parts=named)
    if chosen := [part for part in (TRUTH, REAL_PHOTOS) if part in parts]:
        measure_cutouts(*chosen, photos=photos)
    if "quality" in parts:
        measure_quality(environment.plain_python(), machine())
    if "relief" in parts:
        measure_relief(environment.plain_python(), machine())
    if "parts" in parts:
        measure_parts(environment.plain_python(), machine())
    if "serve" in parts:
        measure_serve(environment.plain_python(), machine())
    if "relay" in parts:
        measure_relay(environment.plain_python(), machine())
    if "batch" in parts:
        measure_batch(environment.cluster_python(), machine())
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
    _measure("shapes", SHAPES, PHOTOS, RUNS, rows_of=shape_rows)
    _measure("shapes", HARDER, HARDER_PHOTOS, RUNS / HARDER, rows_of=harder_rows)
    _measure("qualities", QUALITIES, HARDER_PHOTOS, RUNS / QUALITIES, rows_of=quality_rows)
    for part, photo in ((LOCATE, PLAIN_PHOTO), (ROOM, DEMO)):
        _measure("locate", part, photo, RUNS / part, rows_of=lambda data: [row("eight things in one photo: elapsed seconds", data["seconds"])])


def _measure(module: str, part: str, *arguments: Path, rows_of: Callable[[Any], list[Row]]) -> None:
    """Adds a round of the part that this module measures in the plain environment."""
    unit, meter, out = _calibrated(), LoadMeter(), OUT / f"{part}.json"
    run([environment.plain_python(), "-m", f"devtools.bench.{module}", *arguments, out], env=clean_environment(), cwd=ROOT)
    data = json.loads(out.read_text(encoding="utf-8"))
    code = rounds.digest(*_SOURCES[part])
    new = Round(date=rounds.today(), machine=machine(), code=code, load=meter.load(), calibration=unit, rows=rows_of(data), data=data)
    rounds.add(part, new)


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
    command = blender.command(DEMO / "make_plain.py", "--single", PHOTOS, "--size", str(PHOTO_SIZE), "--samples", str(PHOTO_SAMPLES))
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
    shapes = [
        *shapes_part(rounds.read(SHAPES)),
        *harder_part(rounds.read(HARDER)),
        *qualities_part(rounds.read(QUALITIES)),
        *quality_part(),
        *relief_part(),
        *parts_part(),
    ]
    cutouts = [*_several_part(), *truth_part(), *photos_part(), *network_part()]
    blender = [*layout_part(LAYOUT), *blender_part(), *crowded_part(), *splats_part()]
    parts = ["# Benchmarks", _HOW, *shapes, *cutouts, *blender, *serve_part(), *relay_part(), *batch_part(), *learned_part(), *published_part()]
    return "\n\n".join([*parts, *_earlier_part()]) + "\n"


_HOW = (
    "Made by `python3 build_addon.py bench`. A timed row is run at least five times (TRELLIS's guided steps and surfaces and the light set three times), ours and the reference in turn: the middle one is told, with the lowest "
    "and the highest in brackets. Rounds marked “one figure” are older than this rule: their parts were not measured since. A goal is *met* when the worst run meets it, *on the edge* when only the middle one does, else *missed*. No run is left out: "
    "what was measured on earlier code stands at the end, and all of it in docs/figures. A *unit* is the time that a fixed piece of NumPy and OpenCV work takes "
    "on the same machine in the same round (devtools/bench/calibration.py): about a second on the processor named here when nothing else runs; absolute "
    "times mean little on another machine. The things are modelled and photographed by the project (demo/), so what they really look like is known."
)


def _locate_part(part: str, title: str, photo: str) -> list[str]:
    found = rounds.read(part)
    if not found or found[-1].data is None:
        return []
    data = found[-1].data
    lines = [text_line(("name", "IoU of its silhouette with the thing meant")), "|---|---:|"]
    lines += [text_line((thing["name"], f"{thing['iou']:.3f}")) for thing in data["rows"]]
    right = sum(thing["iou"] > 0.5 for thing in data["rows"])
    words = f"{photo}, {len(data['rows'])} names at once: {right} of {len(data['rows'])} names got the thing meant, in {spread(data['seconds'])} s for all."
    return [f"## {title}", words, "\n".join(lines)]


def _several_part() -> list[str]:
    plain = _locate_part(LOCATE, "Eight things in one photo", "The plain photo, demo/plain/photo.jpg")
    return [*plain, *_locate_part(ROOM, "Eight things in a room", "A harder photo, demo/photo.jpg: a patterned cloth, things before each other")]


def _earlier_part() -> list[str]:
    """The goals of every round that measured other code than the newest."""
    lines = []
    titles = {
        SHAPES: "One thing a photo",
        HARDER: "Harder things",
        QUALITIES: "Qualities",
        "blender": "In Blender",
        "crowded": "The panel",
        "splats": "Gaussian splats in Blender",
        **part_titles(),
    }
    for part, title in titles.items():
        for one, line in rounds.earlier_lines(rounds.read(part)):
            where = f"{one.date}, {one.note}" if one.note else f"{one.date}, {one.load.text() if one.load else ''}"
            lines.append(
                text_line((title, where, line.what, spread(line.decisive(), suffix="x" if line.goal.endswith("x") else ""), line.goal, line.verdict()))
            )
    if not lines:
        return []
    words = "What was timed. “One figure” is that of one run, or the best or the middle of three. All of it, with the machines, is in docs/figures."
    head = [text_line(("part", "when, and under what load", "what", "figure", "goal", "")), "|---|---|---|---:|---|---|"]
    return ["## Earlier rounds, on earlier code", words, "\n".join([*head, *lines])]
