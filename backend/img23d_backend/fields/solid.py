"""A field to a mesh: the field sampled where its surface is, the surface, the clean-up, the number of faces."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ..mesh.isosurface.marching_cubes import extract_surface
from ..mesh.isosurface.octree import SparseField, sample_sparse
from ..mesh.topology.cleanup import SMALLEST_PIECE, clean
from ..mesh.topology.simplify import simplify
from ..models.load_plan import Report, progress_part
from ..stages import Mesh
from .planes import Told

_SAMPLED, _EXTRACTED = 0.6, 0.7  # of the progress
_CLEANED = 0.5  # of that of the clean-up
_FIRST = 64  # cells a side of the first grid, about: as many as a triplane's
_SMALLEST_PIECE = 0.03  # of the largest one's faces: a density leaves haze in the air, where signed distances do not


class Density(Protocol):
    """`nothing` is what the artist is told where all of it is empty."""

    @property
    def radius(self) -> float:
        """Half the side of the cube around the origin in which it is defined."""
        ...

    @property
    def nothing(self) -> str: ...

    def inside(self, points: np.ndarray, told: Told = ...) -> np.ndarray:
        """(N, 3) to (N,): above 0 inside."""
        ...


def solid_of(field: Density, resolution: int, faces: int, report: Report) -> Mesh:
    """A closed mesh in glTF's axes in the field's own frame, with no more faces than `faces` (0: all of them).

    Raises Img23DError(NO_SURFACE).
    """
    sampled = sample_field(field, resolution, progress_part(report, 0.0, _SAMPLED))
    report(_SAMPLED, "Building the mesh")
    if not len(sampled.cells):
        raise Img23DError(ErrorCode.NO_SURFACE, field.nothing, f"{sampled.queries:,} points, none of them inside, at {resolution} cells")
    return finished(extract_surface(sampled), faces, progress_part(report, _EXTRACTED, 1.0), _SMALLEST_PIECE)


def finished(mesh: Mesh, faces: int, report: Report, smallest: float = SMALLEST_PIECE) -> Mesh:
    """Closed, without loose pieces smaller than a share of the largest one, and with no more faces than `faces` (0: all of them)."""
    report(0.0, "Cleaning the mesh")
    mesh = clean(mesh, smallest)
    report(_CLEANED, "Reducing the mesh")
    mesh = simplify(mesh, faces)
    report(1.0, "")
    return mesh


def sample_field(field: Density, resolution: int, report: Report) -> SparseField:
    """On those cells of the grid that the surface runs through. `report` is called at every chunk of points."""
    done = 0.0

    def told(fraction: float | None = None) -> None:
        nonlocal done
        done = done if fraction is None else fraction
        report(done, "Finding the surface")

    def query(points: np.ndarray) -> np.ndarray:
        return field.inside(points, told)

    return sample_sparse(query, resolution=resolution, bounds=field.radius, coarse=_FIRST, report=told)
