"""Gaussian splats in Blender: how long many of them take to come in, to turn and to be rendered; and their part of the document."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

from ..environment import Blender
from ..places import BUILD, ROOT
from ..running import clean_environment, run
from . import rounds
from .calibration import Calibration
from .crowded import COMMAND
from .machine import LoadMeter, machine
from .rounds import Round
from .rows import Row, row, spread, table
from .timing import RUNS

PART = "splats"
IN_WINDOW = ROOT / "tests" / "gui" / "splat_frames.py"
SCRIPT = ROOT / "devtools" / "in_blender" / "measure.py"
SOURCES = (
    "blender_img23d/scene/splats",
    "devtools/bench/splats.py",
    "devtools/in_blender/measure.py",
    "devtools/in_blender/known_splats.py",
    "tests/gui/splat_frames.py",
)
COUNT = 200_000
_SHADINGS = {"solid": "Solid", "material": "Material Preview"}


def measure_splats(blender: Blender, zip_file: Path, calibration: Calibration) -> None:
    """Adds a round. Frames and renders only where there is a window to be had; without one those rows are left out."""
    meter, folder = LoadMeter(), BUILD / "bench" / "splats"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    variables = clean_environment(BLENDER_USER_RESOURCES=str(folder / "blender_user"))
    run(blender.command(SCRIPT, "splats", zip_file, str(COUNT), str(RUNS), folder / "answer.json"), env=variables)
    data = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    rows = _rows(data)
    seen = _in_a_window(folder, zip_file)
    if seen:
        rows += _window_rows(seen)
        data["window"] = {key: seen[key] for key in ("blender", "screen")}
    new = Round(date=rounds.today(), machine=machine(), code=rounds.digest(*SOURCES), load=meter.load(), calibration=calibration, rows=rows, data=data)
    rounds.add(PART, new)


def splats_part() -> list[str]:
    """The document's lines; none where it was never measured."""
    found = rounds.read(PART)
    if not found or found[-1].data is None:
        return []
    data = found[-1].data
    words = (
        f"{COUNT:,} flat splats on a ball, a PLY of {data['ply_bytes'] / 1e6:.1f} MB, in Blender {data['blender']} (as a Python module): the first import of a "
        f"session takes {data['first_import_seconds']:.2f} s, saving {spread(data['save_seconds'])} s."
    )
    if "window" in data:
        window = data["window"]
        words += (
            f" Frames and renders are those of Blender {window['blender']} in a window of {window['screen']} pixels, where everything is drawn by the "
            "processor's two cores (Mesa's llvmpipe): a graphics card does this work otherwise. A frame is one of a quarter turn; renders have 480 x 360 "
            "pixels and 4 samples."
        )
    return ["## Gaussian splats in Blender", words, rounds.headings(found), table(rounds.current_lines(found))]


def _rows(data: dict) -> list[Row]:
    return [
        row(f"import of {COUNT:,} splats: elapsed seconds", data["import_seconds"], None, "≤ 1 units"),
        row(f"a .blend of {COUNT:,} splats, uncompressed, bytes", data["blend_bytes"]),
    ]


def _window_rows(seen: dict) -> list[Row]:
    rows = [row(f"import of {COUNT:,} splats, in a window: elapsed seconds", seen["import_seconds"], None, "≤ 1 units")]
    for kind, name in _SHADINGS.items():
        empty = seen[f"frame_seconds_{kind}_0"]
        for share in (100, 10):
            rows.append(
                row(f"a frame in {name}, Viewport Density {share} %, beside one without splats: elapsed seconds", seen[f"frame_seconds_{kind}_{share}"], empty)
            )
    engine = "blender_eevee" if "render_seconds_blender_eevee" in seen else "blender_eevee_next"
    rows.append(row("a render with EEVEE: elapsed seconds", seen[f"render_seconds_{engine}"]))
    return [*rows, row("a render with Cycles: elapsed seconds", seen["render_seconds_cycles"])]


def _in_a_window(folder: Path, zip_file: Path) -> dict:
    command = os.environ.get(COMMAND, "")
    if not command:
        print(f"{COMMAND} names no Blender with a window: frames and renders of splats are not measured.", flush=True)
        return {}
    told = {"IMG23D_ZIP": str(zip_file), "IMG23D_SHOTS": str(folder), "IMG23D_SPLATS": str(COUNT), "IMG23D_QUITS": "1"}
    variables = clean_environment(BLENDER_USER_RESOURCES=str(folder / "window_user"), **told)
    run([*shlex.split(command), "--python", IN_WINDOW], env=variables)
    return json.loads((folder / "splats.json").read_text(encoding="utf-8"))
