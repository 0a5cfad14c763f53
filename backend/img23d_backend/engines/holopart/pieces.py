"""Labels of a mesh's faces to what HoloPart looks at: points of each piece, of the whole, and the frames of both.

The whole is put into the cube of half the side 0.95, the piece by itself into 0.7 of that, so that there is room for what the piece lacks. The
published program takes the whole as its file has it, which must be of about this size; here it may be of any, and `Frame` leads back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...mesh.topology.samples import Samples, sample_surface
from ...stages import Mesh
from ...vecset.farthest_points import farthest_points

POINTS = 20_480  # of a piece, and as many of the whole
_WHOLE = 0.95
_PIECE = 0.7 * _WHOLE
_CANDIDATES = 4  # times the tokens: from so many points the farthest ones are taken


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A cube's: `centre` (3,) is its middle in the mesh's unit, `scale` what one of the cube's units is there."""

    centre: np.ndarray
    scale: float

    @staticmethod
    def around(points: np.ndarray, half: float) -> Frame:
        """In which the points' bounding box is centred, and its longest side reaches from -half to half."""
        low, high = points.min(axis=0), points.max(axis=0)
        return Frame(centre=(low + high) / 2, scale=float((high - low).max() / 2) / half)

    def into(self, points: np.ndarray) -> np.ndarray:
        return (points - self.centre) / self.scale

    def back(self, mesh: Mesh) -> Mesh:
        """A mesh in the cube, in the mesh's own unit and place."""
        return replace(mesh, vertices=(mesh.vertices.astype(np.float64) * self.scale + self.centre).astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A piece as the model looks at it: rows of place and normal, float32. `queries` (L, 6) are those of the `surface` (N, 6) that become tokens, in the
    frame of the piece; `queries_in_whole` are the same in that of the whole, whose points `whole` (N, 7) tell whether they are of the piece.
    """

    surface: np.ndarray
    queries: np.ndarray
    queries_in_whole: np.ndarray
    whole: np.ndarray
    frame: Frame


class Pieces:
    """The pieces of a mesh by the part (F,) of each face. Raises ValueError where the mesh has no area."""

    def __init__(self, mesh: Mesh, part_of_face: np.ndarray, seed: int) -> None:
        self._mesh = mesh
        self._part_of_face = part_of_face
        self._seed = seed
        self._whole = sample_surface(mesh, POINTS, seed)
        self._frame = Frame.around(mesh.vertices[mesh.faces.ravel()].astype(np.float64), _WHOLE)

    def seen(self, part: int, tokens: int) -> Seen | None:
        """A piece, with `tokens` of its points farthest from each other; None for one without an area."""
        own = replace(self._mesh, faces=self._mesh.faces[self._part_of_face == part], polygons=None)
        try:
            samples = sample_surface(own, POINTS, self._seed + 1 + part)
        except ValueError:
            return None
        frame = Frame.around(samples.points, _PIECE)
        taken = _spread(samples.points, tokens, self._seed + 1 + part)
        surface = _rows(frame.into(samples.points), samples)
        is_own = (self._part_of_face[self._whole.faces] == part)[:, None]
        return Seen(
            surface=surface,
            queries=surface[taken],
            queries_in_whole=_rows(self._frame.into(samples.points), samples)[taken],
            whole=np.concatenate((_rows(self._frame.into(self._whole.points), self._whole), is_own), axis=1).astype(np.float32),
            frame=frame,
        )


def _spread(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(count,) indices: of points that are chosen at random those that are farthest from each other, as the encoder was trained."""
    random = np.random.default_rng(seed)
    chosen = random.choice(len(points), _CANDIDATES * count, replace=_CANDIDATES * count > len(points))
    return chosen[farthest_points(points[chosen], count)]


def _rows(places: np.ndarray, samples: Samples) -> np.ndarray:
    return np.concatenate((places, samples.normals), axis=1).astype(np.float32)
