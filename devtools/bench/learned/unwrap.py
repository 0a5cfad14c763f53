"""The UV layout against xatlas by itself, in one run: time, use of the square, stretch.

Runs in the learned environment; XATLAS is a folder that holds xatlas, the reference:

    python -m devtools.bench.learned.unwrap OUT.json [XATLAS]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...places import ROOT
from ..rows import Row, row
from ..timing import RUNS, in_turn
from . import solids
from .full_size import use_the_projects_code
from .mesh import BOUNDS, BUDGET, as_mesh

if TYPE_CHECKING:
    import xatlas

    from img23d_backend.stages import Mesh

SIZE, PADDING = 1024, 4  # texels
NEEDLE = 1e-3  # of the faces' mean area
CELLS = {solids.ball: 150, solids.figure: 300}  # a side, at which the solids have more faces than the budget
DUCK = ROOT / "demo" / "plain" / "truth" / "yellow_duck.glb"


def measure(out: Path, xatlas_folder: Path | None) -> None:
    use_the_projects_code()
    rows = list(unwrapping(xatlas_folder))
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def unwrapping(xatlas_folder: Path | None) -> Iterator[Row]:
    """A ball, a figure and a thing of the demo."""
    from img23d_backend.mesh.uv.unwrap import unwrap_mesh

    for name, mesh in _meshes():
        ours, reference = in_turn(partial(unwrap_mesh, mesh, size=SIZE, report=lambda: None), _theirs(mesh, xatlas_folder))
        layout, theirs = ours.result, reference and _judged(mesh, reference.result)
        what = f"UV layout of the {name}, {len(mesh.faces):,} faces"
        uv = layout.uv.astype(np.float64)
        yield row(f"{what}: processor seconds", ours.processor, reference and reference.processor, "≥ 10x")
        yield row(f"{what}: use of the square", layout.used, theirs and theirs["used"], "≥ 0.5")
        yield row(f"{what}: stretch (L², 1 is none)", stretch(mesh, uv), theirs and theirs["stretch"], "≤ 1x")
        yield row(f"{what}: charts", float(layout.charts), theirs and theirs["charts"])
        yield row(f"{what}: faces that are mirrored", mirrored(mesh, uv), theirs and theirs["mirrored"], "0")
    if theirs is None:
        yield row("xatlas: not run, it is not installed", None, None)


def stretch(mesh: Mesh, uv: np.ndarray) -> float:
    """How much longer than on the average of the layout a length on the surface is in a texel: root of the mean square
    over the surface and all directions (Sander et al. 2001), times the root of the layout's area; 1 for an isometry.
    Needles do not count, which xatlas at times lets shrink to nothing.
    """
    gram, area, flat_area = _metric(mesh, uv)
    b, c = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    bb, bc, cc = ((x * y).sum(axis=1) for x, y in ((b, b), (b, c), (c, c)))
    real = (area > NEEDLE * area.mean()) & (flat_area != 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = (gram[0] * cc - 2.0 * gram[1] * bc + gram[2] * bb) / flat_area**2 / 2.0
    mean = (squares[real] * area[real]).sum() / area[real].sum()
    return float(np.sqrt(mean * np.abs(flat_area).sum() / area.sum()))


def mirrored(mesh: Mesh, uv: np.ndarray) -> float:
    """Faces that are counter-clockwise in a layout whose v is downwards, but for those without area."""
    _, area, flat_area = _metric(mesh, uv)
    return float(((flat_area > 0.0) & (area > NEEDLE * area.mean())).sum())


def _metric(mesh: Mesh, uv: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """A face's products of the two edges at its first corner, twice its area, and twice its signed area in the layout."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    b, c = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    gram = [(x * y).sum(axis=1) for x, y in ((one, one), (one, other), (other, other))]
    return gram, np.linalg.norm(np.cross(one, other), axis=1), b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]


def _meshes() -> Iterator[tuple[str, Mesh]]:
    """A ball and the figure as they come from a field, and a thing of the demo."""
    import trimesh

    from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
    from img23d_backend.mesh.isosurface.octree import sample_sparse
    from img23d_backend.mesh.topology.cleanup import clean
    from img23d_backend.mesh.topology.simplify import simplify

    for solid, cells in CELLS.items():
        full = extract_surface(sample_sparse(solid, resolution=cells, bounds=BOUNDS))
        yield solid.__name__, simplify(clean(full), BUDGET)
    duck = trimesh.load(DUCK, force="mesh")
    yield "duck", as_mesh(duck.vertices, duck.faces)


def _theirs(mesh: Mesh, xatlas_folder: Path | None) -> Callable | None:
    """xatlas with its own settings but the padding; taking the mesh in does not count. None without it."""
    if xatlas_folder:
        sys.path.append(str(xatlas_folder))
    try:
        import xatlas
    except ImportError:
        return None

    options = xatlas.PackOptions()
    options.resolution, options.padding = SIZE, PADDING

    atlases = [xatlas.Atlas() for _ in range(RUNS)]
    for atlas in atlases:
        atlas.add_mesh(mesh.vertices, mesh.faces.astype(np.uint32))

    def made() -> xatlas.Atlas:
        atlas = atlases.pop()
        atlas.generate(pack_options=options)
        return atlas

    return made


def _judged(mesh: Mesh, atlas: xatlas.Atlas) -> dict[str, float]:
    from img23d_backend.mesh.uv.layout import layout_from

    _, indices, places = atlas.get_mesh(0)
    uv = places[indices].astype(np.float64)
    uv[:, :, 1] = 1.0 - uv[:, :, 1]
    lengths = uv * (atlas.width, atlas.height)  # the square was stretched over a rectangle
    charts, used = float(atlas.chart_count), layout_from(uv, None, SIZE).used
    return {"used": used, "stretch": stretch(mesh, lengths), "charts": charts, "mirrored": mirrored(mesh, uv)}


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
