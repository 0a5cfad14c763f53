"""The splitter on unions of solids whose parts are known, beside trimesh's connected components and, where it is installed, CoACD.

Runs in the plain environment: python -m devtools.bench.parts FIGURES PICTURE MACHINE
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ..places import BACKEND, EXTENSION, ROOT
from ..running import clean_environment, run
from .machine import LoadMeter
from .rows import spread, text_line
from .timing import timed

FIGURES = ROOT / "docs" / "figures" / "parts.json"
PICTURE = ROOT / "docs" / "pictures" / "parts.jpg"
KNOWN = ROOT / "tests" / "backend"
_RESOLUTIONS = (44, 56, 72)  # of the marching cubes that the things' surfaces are made with
_TIMED = {"20,000 faces": 86, "100,000 faces": 188, "1 million faces": 594}  # resolutions of the dog
_GOAL = 5.0  # seconds for 100,000 faces
_SHOWN = 200  # pixels of one view
_VIEWS = ((30.0, 20.0), (150.0, 15.0), (250.0, -20.0))
_WORDS = (
    "Unions of solids in one closed surface, so that it is known which part each face belongs to; three resolutions each. *Rand* is the adjusted Rand index of "
    "faces against the truth: 1 is the same parts, 0 chance. The least of the three is told. The splitter's constants were chosen on these things, at these and other resolutions. Beside it trimesh's connected components (which see one piece, as the solids are welded) and "
    "CoACD at its own settings, a face counting to the convex piece that holds it; at the least resolution, one run. Parts of CoACD are convex, which is another aim."
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing: parts and Rand index at each resolution, and those of the references at the first."""

    name: str
    truth: int
    parts: list[int]
    rand: list[float]
    components: tuple[int, float]
    convex: tuple[int, float, float] | None  # with seconds


def measure_parts(python: Path, machine: str) -> None:
    """CoACD is found where it is installed, or in the folder that IMG23D_COACD names. Raises CalledProcessError."""
    path = os.pathsep.join([str(BACKEND), str(EXTENSION / "shared"), str(KNOWN), os.environ.get("IMG23D_COACD", "")]).rstrip(os.pathsep)
    run([python, "-s", "-m", "devtools.bench.parts", FIGURES, PICTURE, machine], env=clean_environment(PYTHONPATH=path), cwd=ROOT)


def measure_all(figures: Path, picture: Path, machine: str) -> None:
    from known_parts import THINGS

    rows, strips = [], []
    for name, make in THINGS.items():
        row, strip = _measured(name, make)
        rows.append(row)
        strips.append(strip)
        print(f"{name}: {row.parts} of {row.truth} parts, Rand {[round(rand, 3) for rand in row.rand]}, CoACD {row.convex}", flush=True)
    meter = LoadMeter()
    times = {name: _timed(THINGS["dog"](resolution)) for name, resolution in _TIMED.items()}
    load = meter.load().text()
    report = {"date": date.today().isoformat(), "machine": machine, "load": load, "rows": [asdict(row) for row in rows], "times": times}
    figures.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    _write_picture(picture, strips)


def _measured(name: str, make: Callable[[int], Any]) -> tuple[Row, Any]:
    import numpy as np
    import trimesh
    from known_parts import rand_index

    from img23d_backend.parts.splitting.splitter import Wish, split

    made = [make(resolution) for resolution in _RESOLUTIONS]
    labels = [split(one.mesh, Wish()) for one in made]
    first = made[0]
    whole = trimesh.Trimesh(first.mesh.vertices, first.mesh.faces, process=False)
    component = trimesh.graph.connected_component_labels(whole.face_adjacency, node_count=len(whole.faces))
    row = Row(
        name=name,
        truth=len(np.unique(first.truth)),
        parts=[int(label.max()) + 1 for label in labels],
        rand=[rand_index(label, one.truth) for label, one in zip(labels, made, strict=True)],
        components=(int(component.max()) + 1, rand_index(component, first.truth)),
        convex=_convex(whole, first.truth),
    )
    return row, _strip(f"{name}, {row.parts[-1]} parts", made[-1].mesh, labels[-1])


def _convex(whole: Any, truth: Any) -> tuple[int, float, float] | None:
    """Of CoACD: pieces, Rand index, seconds."""
    if importlib.util.find_spec("coacd") is None:
        return None
    import coacd
    import numpy as np
    import trimesh
    from known_parts import rand_index

    coacd.set_log_level("error")
    done = timed(lambda: coacd.run_coacd(coacd.Mesh(whole.vertices, whole.faces), seed=0), runs=1)
    middle, outside = whole.triangles_center, []
    for vertices, faces in done.result:
        hull = trimesh.Trimesh(vertices, faces)
        outside.append(np.max(middle @ hull.face_normals.T - (hull.triangles_center * hull.face_normals).sum(axis=1), axis=1))
    return len(outside), rand_index(np.argmin(outside, axis=0), truth), done.elapsed[0]


def _timed(made: Any) -> dict[str, Any]:
    import trimesh
    from known_parts import rand_index

    from img23d_backend.parts.splitting.splitter import Wish, split

    ours = timed(lambda: split(made.mesh, Wish()))

    def components() -> Any:
        whole = trimesh.Trimesh(made.mesh.vertices, made.mesh.faces, process=False)
        return trimesh.graph.connected_component_labels(whole.face_adjacency, node_count=len(whole.faces))

    theirs = timed(components)
    said = {"elapsed": ours.elapsed, "processor": ours.processor, "components": theirs.elapsed}
    print(f"{len(made.mesh.faces)} faces: {spread(ours.elapsed)} s, trimesh's components {spread(theirs.elapsed)} s", flush=True)
    return {"faces": len(made.mesh.faces), "rand": rand_index(ours.result, made.truth), **said}


def _strip(caption: str, mesh: Any, label: Any) -> Any:
    """(h, w, 3) uint8 BGR: the parts in colours, from three sides."""
    import cv2
    import numpy as np

    from img23d_backend.evaluation.orbit import Orbit, seen
    from img23d_backend.evaluation.shapes import framed
    from img23d_backend.evaluation.surfaces.surface import Surface
    from img23d_backend.mesh.topology.normals import area_vectors, unit
    from img23d_backend.parts.files.colors import palette
    from img23d_backend.stages import Mesh

    corners = framed(mesh.vertices)[mesh.faces].reshape(-1, 3).astype(np.float32)
    light = 0.55 + 0.45 * np.abs(unit(area_vectors(mesh.vertices, mesh.faces)) @ (0.41, 0.82, 0.41))
    colors = np.repeat(np.sqrt(np.array(palette(int(label.max()) + 1)))[label] * light[:, None], 3, axis=0)
    surface = Surface(mesh=Mesh(vertices=corners, faces=np.arange(len(corners), dtype=np.int32).reshape(-1, 3)), colors=colors.astype(np.float32))
    views = [seen(surface, Orbit(azimuth=azimuth, elevation=elevation), _SHOWN) for azimuth, elevation in _VIEWS]
    strip = np.ascontiguousarray((np.hstack(views)[:, :, ::-1] * 255).clip(0, 255).astype(np.uint8))
    return cv2.putText(strip, caption, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (60, 60, 60), 1, cv2.LINE_AA)


def _write_picture(path: Path, strips: list[Any]) -> None:
    import cv2
    import numpy as np

    strips = strips + [np.full_like(strips[0], 255)] * (len(strips) % 2)
    lines = [np.hstack(strips[start : start + 2]) for start in range(0, len(strips), 2)]
    path.write_bytes(cv2.imencode(".jpg", np.vstack(lines), [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes())


def parts_part() -> list[str]:
    """Its section of the document."""
    if not FIGURES.is_file():
        return []
    report = json.loads(FIGURES.read_text(encoding="utf-8"))
    head = ("thing", "true parts", "parts", "Rand", "trimesh: parts", "Rand", "CoACD: parts", "Rand", "seconds")
    lines = [text_line(head), "|---|" + "---:|" * (len(head) - 1)]
    lines += [text_line(_cells(row)) for row in report["rows"]]
    tries = [(found, rand, row["truth"]) for row in report["rows"] for found, rand in zip(row["parts"], row["rand"], strict=True)]
    right, near = sum(found == truth for found, _, truth in tries), sum(rand >= 0.95 for _, rand, _ in tries)
    said = f"The right number in {right} of {len(tries)}, Rand at least 0.95 in {near} of {len(tries)}."
    times = [text_line(("a dog of", "seconds", "of a processor", "Rand", "trimesh's components")), "|---|---:|---:|---:|---:|"]
    for name, one in report["times"].items():
        times.append(text_line((name, spread(one["elapsed"]), spread(one["processor"]), f"{one['rand']:.3f}", spread(one["components"]))))
    worst = max(report["times"]["100,000 faces"]["elapsed"])
    goal = f"The goal, 100,000 faces within {_GOAL:g} s on two cores, is {'met' if worst <= _GOAL else 'missed'}: {worst:.1f} s at worst. All in float64."
    tail = [said, "\n".join(times), goal, f"{report['date']}, {report['machine']}; while it was timed: {report['load']}.", "![](pictures/parts.jpg)"]
    return ["## Parts", _WORDS, "\n".join(lines), *tail]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    counts = sorted(set(row["parts"]))
    convex = row["convex"]
    theirs = ("", "", "") if convex is None else (str(convex[0]), f"{convex[1]:.2f}", f"{convex[2]:.0f}")
    components = (str(row["components"][0]), f"{row['components'][1]:.2f}")
    return (row["name"], str(row["truth"]), " or ".join(map(str, counts)), f"{min(row['rand']):.3f}", *components, *theirs)


if __name__ == "__main__":
    measure_all(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
