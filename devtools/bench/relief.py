"""The preview engine's solids with and without the relief of a depth model, on known things whose distances are known as well."""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from ..places import BACKEND, EXTENSION, ROOT
from ..running import clean_environment, run
from .rows import text_line

FIGURES = ROOT / "docs" / "figures" / "relief.json"
PICTURE = ROOT / "docs" / "pictures" / "relief.jpg"
_SIDES = (622, 518)  # pixels, as Depth Anything sees a picture of 5 : 4
_BLUR = 3.0  # of these: how soft its edges are taken to be
_BEHIND = 8.0  # half sides of a thing's cube: the distance of what is behind it
_WORDS = (
    "The same 30 things, each cut out by its true outline: the preview engine's solid without and with *Relief from Depth*. **The distances are not a "
    "network's**: they are the truth's, at the 622 x 518 pixels that Depth Anything sees and blurred by 3 of them, so that the figures are a bound for what a "
    "network could give; the real weights were not at hand. The pictures show the solid with relief, unpainted, above the truth."
)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """CD and agreement of the normals as in the table above, without and with the relief."""

    name: str
    chamfer: tuple[float, float]
    normals: tuple[float, float]


def measure_relief(python: Path, machine: str) -> None:
    path = os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")])
    run([python, "-s", "-m", "devtools.bench.relief", FIGURES, PICTURE, machine], env=clean_environment(PYTHONPATH=path), cwd=ROOT)


def compare_all(figures: Path, picture: Path, machine: str) -> None:
    """Runs in the plain environment."""
    from img23d_backend.evaluation.objects import OBJECTS

    from .strips import write_sheet

    made = [_compared(name, make()) for name, make in OBJECTS.items()]
    rows = [row for row, _ in made]
    report = {"date": date.today().isoformat(), "machine": machine, "rows": [asdict(row) for row in rows]}
    figures.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    nearest_first = sorted(made, key=lambda one: one[0].chamfer[1])
    write_sheet(picture, ((f"{row.name} {row.chamfer[0]:.3f}, {row.chamfer[1]:.3f}", strip) for row, strip in nearest_first))


def _compared(name: str, truth):  # noqa: ANN001, ANN202  # of the backend's types, which are imported late
    import cv2
    import numpy as np

    from img23d_backend.engines.preview.shape.shaper import OutlineShaper
    from img23d_backend.evaluation.pairs import FRONT
    from img23d_backend.evaluation.photograph import focal_length, photograph
    from img23d_backend.evaluation.runner import facing, turntable
    from img23d_backend.evaluation.shapes import SAMPLES, compare, framed
    from img23d_backend.evaluation.surfaces.surface import Surface
    from img23d_backend.mesh.topology.samples import sample_surface
    from img23d_backend.stages import Context, CutOut, SeenRelief
    from img23d_protocol.messages import Settings

    taken = photograph(truth, FRONT)
    height, width = taken.mask.shape
    middle = float(np.median(taken.depth[taken.mask]))
    small = cv2.resize(np.where(taken.mask, taken.depth, _BEHIND).astype(np.float32), _SIDES, interpolation=cv2.INTER_AREA)
    distances = cv2.resize(cv2.GaussianBlur(small, (0, 0), _BLUR), (width, height), interpolation=cv2.INTER_LINEAR)
    heights = ((middle - distances) / middle * focal_length(width)).astype(np.float32)
    relief = SeenRelief(heights=heights, grain=height / _SIDES[1], pitch=math.radians(FRONT.elevation))
    turned = facing(truth, FRONT)
    wanted = sample_surface(turned.mesh, SAMPLES, seed=1)
    rgba = np.dstack((taken.rgb, taken.mask.astype(np.uint8) * 255))
    results, scores = [], []
    for seen in (None, relief):
        shaped = OutlineShaper().shape(CutOut(rgba=rgba, relief=seen), Settings(), Context())
        surface = Surface(mesh=shaped.mesh)
        results.append(surface.moved(framed(surface.mesh.vertices)))
        scores.append(compare(sample_surface(results[-1].mesh, SAMPLES, seed=0), wanted))
    row = Compared(name=name, chamfer=tuple(one.chamfer for one in scores), normals=tuple(one.normals for one in scores))
    print(f"{name}: {row.chamfer[0]:.3f} without, {row.chamfer[1]:.3f} with", flush=True)
    return row, cv2.imdecode(np.frombuffer(turntable(Surface(mesh=turned.mesh), results[-1]), np.uint8), cv2.IMREAD_COLOR)


def relief_part() -> list[str]:
    if not FIGURES.is_file():
        return []
    report = json.loads(FIGURES.read_text(encoding="utf-8"))
    rows = sorted((Compared(**row) for row in report["rows"]), key=lambda row: row.chamfer[1])
    lines = [text_line(("thing", "CD without", "CD with", "normals without", "normals with")), "|---|" + "---:|" * 4]
    lines += [text_line((row.name, *(f"{value:.3f}" for value in (*row.chamfer, *row.normals)))) for row in rows]
    middles = [_median([pick(row) for row in rows]) for pick in _PICKS]
    lines.append(text_line(("**median**", *(f"{value:.3f}" for value in middles))))
    better, worse = (sum(sign * (row.chamfer[0] - row.chamfer[1]) > 0.001 for row in rows) for sign in (1, -1))
    said = f"Nearer to the truth with relief: {better} of {len(rows)}; farther: {worse}; the others are turned solids, thin, or as near."
    return ["## Relief from depth", _WORDS, "\n".join(lines), said, f"{report['date']}, {report['machine']}.", "![](pictures/relief.jpg)"]


_PICKS = (lambda row: row.chamfer[0], lambda row: row.chamfer[1], lambda row: row.normals[0], lambda row: row.normals[1])


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


if __name__ == "__main__":
    compare_all(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
