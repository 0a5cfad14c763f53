"""Sampling, surface, clean-up and face budget against what hy3dgen does, in one run.

Runs in the learned environment; PYMESHLAB is a folder that holds pymeshlab, which hy3dgen's own path needs:

    python -m devtools.bench.learned.mesh OUT.json [PYMESHLAB]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..rows import Row, row
from ..timing import RUNS, in_turn
from . import solids
from .distance import surface_distances
from .full_size import use_the_projects_code

if TYPE_CHECKING:
    import trimesh

    from img23d_backend.mesh.isosurface.octree import SparseField
    from img23d_backend.stages import Mesh

BOUNDS, RESOLUTION, CHECKED = 1.01, 384, 256  # cells a side; every point is compared at CHECKED
MILLION = 440  # cells a side at which the figure has a good million faces
BUDGET = 40_000


def measure(out: Path, pymeshlab_folder: Path | None) -> None:
    use_the_projects_code()
    rows = [*sampling(), *extraction(), *reduction(pymeshlab_folder)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def sampling() -> Iterator[Row]:
    """Points asked for, against the whole grid's; how long it takes with the answers given for nothing; cells missed."""
    from img23d_backend.mesh.isosurface.octree import sample_sparse

    for solid in (solids.ball, solids.figure):
        for padded, goal in ((True, "≥ 12x"), (False, "≥ 20x")):
            runs = [_sampled(solid, padded=padded) for _ in range(RUNS)]
            field, own = runs[-1][0], [seconds for _, seconds in runs]
            what = f"sparse sampling of a {solid.__name__} at {RESOLUTION}{'' if padded else ', unpadded'}"
            yield row(f"{what}: queries, against every point's", field.queries, (RESOLUTION + 1) ** 3, goal)
            yield row(f"{what}: processor seconds beside the queries", own)
    wanted, _ = _dense_cells(CHECKED)
    for padded in (True, False):
        found = sample_sparse(solids.figure, resolution=CHECKED, bounds=BOUNDS, padded=padded).cells
        missed = len(wanted) - np.isin(_keys(found, CHECKED), wanted).sum()
        what = f"cells of the figure's surface missed at {CHECKED}{'' if padded else ', unpadded'}, of {len(wanted):,}"
        yield row(what, float(missed), None, "0")


def _sampled(solid: Callable[[np.ndarray], np.ndarray], *, padded: bool) -> tuple[SparseField, float]:
    """The field, and the processor seconds without those of the answers."""
    from img23d_backend.mesh.isosurface.octree import sample_sparse

    asking = 0.0

    def query(points: np.ndarray) -> np.ndarray:
        nonlocal asking
        started = time.process_time()
        values = solid(points)
        asking += time.process_time() - started
        return values

    started = time.process_time()
    field = sample_sparse(query, resolution=RESOLUTION, bounds=BOUNDS, padded=padded)
    return field, time.process_time() - started - asking


def extraction() -> Iterator[Row]:
    """Against scikit-image on the whole grid, as in hy3dgen; its time to fill the grid is not counted."""
    from skimage.measure import marching_cubes

    from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
    from img23d_backend.mesh.isosurface.octree import sample_sparse

    _, grid = _dense_cells(CHECKED)
    field = sample_sparse(solids.figure, resolution=CHECKED, bounds=BOUNDS)
    extract_surface(field)  # makes the table
    ours, theirs = in_turn(lambda: extract_surface(field), lambda: marching_cubes(grid, 0.0, method="lewiner"))
    mesh, made = ours.result, theirs.result
    yield row(f"surface at {CHECKED}, {len(mesh.faces):,} faces: processor seconds", ours.processor, theirs.processor)
    theirs_bad = bad_edges(made[1].astype(np.int64), len(made[0]))
    yield row(f"surface at {CHECKED}: edges without exactly two faces", bad_edges(mesh.faces, len(mesh.vertices)), theirs_bad, "0")


def reduction(pymeshlab_folder: Path | None) -> Iterator[Row]:
    """Small pieces, faces without extent, 40,000 faces."""
    from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
    from img23d_backend.mesh.isosurface.octree import sample_sparse
    from img23d_backend.mesh.topology.cleanup import clean
    from img23d_backend.mesh.topology.simplify import simplify

    mesh = extract_surface(sample_sparse(solids.figure, resolution=MILLION, bounds=BOUNDS))
    clean(as_mesh(np.eye(3), np.array([[0, 1, 2]])))  # imports scipy
    simplify(clean(mesh), BUDGET)  # fetches memory
    their_clean, their_reduce = _theirs(mesh, pymeshlab_folder) or (None, None)
    cleaning, their_cleaning = in_turn(lambda: clean(mesh), their_clean)
    cleaned = cleaning.result
    reducing, their_reducing = in_turn(lambda: simplify(cleaned, BUDGET), their_reduce and partial(their_reduce, their_cleaning.result))
    reduced, both = reducing.result, cleaning + reducing
    theirs = their_cleaning and their_cleaning + their_reducing
    reference = theirs and as_mesh(theirs.result.vertices, theirs.result.faces)
    what, less = f"{len(mesh.faces):,} faces", f"{len(reduced.faces):,}"
    yield row(f"clean {what}: processor seconds", cleaning.processor, their_cleaning and their_cleaning.processor)
    yield row(f"reduce {what} to {less}: processor seconds", reducing.processor, their_reducing and their_reducing.processor)
    yield row(f"clean and reduce {what} to {less}: processor seconds", both.processor, theirs and theirs.processor, "≥ 20x")
    p99, their_p99 = (_p99(cleaned, one) if one else None for one in (reduced, reference))
    yield row("distance to the full surface after it, 99th percentile, of the box's side", p99, their_p99, "≤ 1.05x")
    bad = bad_edges(reduced.faces, len(reduced.vertices))
    their_bad = bad_edges(reference.faces, len(reference.vertices)) if reference else None
    yield row("edges without exactly two faces after it", bad, their_bad, "0")
    if theirs is None:
        yield row("hy3dgen's own clean-up: not run, pymeshlab is not installed", None, None)


def bad_edges(faces: np.ndarray, vertex_count: int) -> float:
    start, end = faces.astype(np.int64).ravel(), faces[:, [1, 2, 0]].astype(np.int64).ravel()
    _, counts = np.unique(np.minimum(start, end) * vertex_count + np.maximum(start, end), return_counts=True)
    return float((counts != 2).sum())


def as_mesh(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    from img23d_backend.stages import Mesh

    return Mesh(vertices=np.asarray(vertices, dtype=np.float32), faces=np.asarray(faces, dtype=np.int32))


def _theirs(mesh: Mesh, pymeshlab_folder: Path | None) -> tuple[Callable, Callable] | None:
    """hy3dgen's steps in its own order, files in the temporary folder included: cleaning, and reducing what was cleaned. None
    without pymeshlab.
    """
    if pymeshlab_folder:
        sys.path.append(str(pymeshlab_folder))
    try:
        import pymeshlab
    except ImportError:
        return None
    import trimesh
    from shape_checkpoints import hy3dgen_importable

    with hy3dgen_importable():
        from hy3dgen.shapegen import postprocessors
    postprocessors.pymeshlab = pymeshlab  # in place of the stand-in that made it importable
    given = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)

    def cleaned() -> trimesh.Trimesh:
        return postprocessors.DegenerateFaceRemover()(postprocessors.FloaterRemover()(given))

    return cleaned, lambda tidy: postprocessors.FaceReducer()(tidy, max_facenum=BUDGET)


def _p99(full: Mesh, reduced: Mesh) -> float:
    distances = surface_distances((full.vertices, full.faces), (reduced.vertices, reduced.faces))
    return float(np.quantile(distances, 0.99)) / (2 * BOUNDS)


def _dense_cells(resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of all cells of the figure that change sign, and the whole grid's values. The figure stays off the border."""
    line = np.linspace(-BOUNDS, BOUNDS, resolution + 1, dtype=np.float32)
    across = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    layers = [solids.figure(np.column_stack([np.full(len(across), x, dtype=np.float32), across])) for x in line]
    grid = np.stack(layers).reshape((resolution + 1,) * 3)
    any_ = all_ = grid > 0
    for axis in range(3):
        low, high = ([slice(None)] * axis + [half] for half in (slice(None, -1), slice(1, None)))
        any_, all_ = any_[tuple(low)] | any_[tuple(high)], all_[tuple(low)] & all_[tuple(high)]
    return _keys(np.argwhere(any_ & ~all_), resolution), grid


def _keys(cells: np.ndarray, resolution: int) -> np.ndarray:
    x, y, z = cells.T.astype(np.int64)
    return (x * (resolution + 3) + y) * (resolution + 3) + z


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
