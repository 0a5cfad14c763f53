"""The six views' rasters, normals and positions at 2048 against what hy3dgen does for its maps and its bake, in one run.

hy3dgen rasterizes 18 times, for each view's normals, positions and bake. Its compiled kernel is used where it is
installed (custom_rasterizer_kernel); otherwise our rasterizer stands in its place, and the row says so. Runs in the
learned environment:

    python -m devtools.bench.learned.raster OUT.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..rows import Row, row
from ..timing import in_turn
from . import solids
from .full_size import use_the_projects_code

if TYPE_CHECKING:
    from img23d_backend.engines.hunyuan3d.paint.control_maps import ControlMaps
    from img23d_backend.stages import Mesh

SIZE, SMALL = 2048, 512
CASES = ((solids.ball, 40_000), (solids.figure, 10_000), (solids.figure, 40_000), (solids.figure, 100_000))
BOUNDS, RESOLUTION = 1.01, 192

Theirs = tuple[np.ndarray, np.ndarray, list[np.ndarray]]  # normals, positions (6, 512, 512, 3), faces (2048, 2048) each


def measure(out: Path) -> None:
    use_the_projects_code()
    rows = [line for solid, count in CASES for line in _compared(_mesh(solid, count), solid.__name__)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _compared(mesh: Mesh, name: str) -> Iterator[Row]:
    kernel = _compiled_kernel()
    _ours(mesh)  # fetches memory
    mine, other = in_turn(lambda: _ours(mesh), lambda: _theirs(mesh, kernel))
    ours, theirs = mine.result, other.result
    what = f"a {name} of {len(mesh.faces):,} faces in six views at {SIZE}"
    by = "hy3dgen with its compiled rasterizer" if kernel else "hy3dgen's steps with our rasterizer in them"
    goal = "≥ 4x" if kernel else ""
    yield row(f"maps and bake rasters of {what}, against {by}: processor seconds", mine.processor, other.processor, goal)
    normals, positions, faces = theirs
    if kernel:
        pairs = list(zip(ours.rasters, faces, strict=True))
        drawn = sum(int((raster.face >= 0).sum()) for raster, _ in pairs)
        empty = sum(int(((raster.face < 0) != (face < 0)).sum()) for raster, face in pairs)
        other = sum(int((raster.face != face).sum()) for raster, face in pairs)
        yield row(f"pixels of {what} that are empty in one and not in the other, of {drawn:,} drawn", float(empty), None)
        yield row(f"pixels of {what} with another face (their depths are steps of 1 in 262,144)", float(other - empty), None)
    mine = np.stack([ours.normals, ours.positions]).astype(np.int16)
    share = float((np.abs(mine - np.stack([normals, positions])) > 1).any(axis=-1).mean())
    yield row(f"share of the maps' pixels that differ by more than 1 of 255, {what}", share, None, "≤ 0.0001")


def _mesh(solid: Callable[[np.ndarray], np.ndarray], count: int) -> Mesh:
    from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
    from img23d_backend.mesh.isosurface.octree import sample_sparse
    from img23d_backend.mesh.topology.simplify import simplify

    return simplify(extract_surface(sample_sparse(solid, resolution=RESOLUTION, bounds=BOUNDS)), count)


def _ours(mesh: Mesh) -> ControlMaps:
    from img23d_backend.engines.hunyuan3d.paint.cameras import make_cameras
    from img23d_backend.engines.hunyuan3d.paint.control_maps import draw_control_maps

    return draw_control_maps(mesh, make_cameras(mesh.vertices, size=SIZE), raster_size=SIZE, size=SMALL)


def _theirs(mesh: Mesh, kernel: Callable | None) -> Theirs:
    from mesh_render import AZIMUTHS, ELEVATIONS, mesh_render

    render = mesh_render(mesh.vertices, mesh.faces, size=SIZE, kernel=kernel)
    views = list(zip(ELEVATIONS, AZIMUTHS, strict=True))
    normals = [render.render_normal(*view, use_abs_coor=True, return_type="pl") for view in views]
    positions = [render.render_position(*view, return_type="pl") for view in views]
    small = [np.stack([np.asarray(one.resize((SMALL, SMALL))) for one in maps]) for maps in (normals, positions)]
    faces = []
    for view in views:  # what back_project draws first
        _, clip = render.get_pos_from_mvp(*view, None, None)
        drawn, _ = render.raster_rasterize(clip, render.pos_idx, resolution=[SIZE, SIZE])
        faces.append(drawn[0, ..., 3].numpy().astype(np.int32) - 1)
    return small[0], small[1], faces


def _compiled_kernel() -> Callable | None:
    import torch  # noqa: F401 - whose libraries the kernel needs

    try:
        import custom_rasterizer_kernel
    except ImportError:
        return None
    return custom_rasterizer_kernel.rasterize_image


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
