"""Texturing with colours that are known at every place, and the photo itself on the front, which is sharper.

The known colours are first made to agree with the photo's, where both show the same surface: they come from a model that has seen
other light, and an edge along the outline would tell.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...stages import CutOut, Mesh, Painted, View
from ..raster.visibility import corner_normals
from ..texture.bake import Baked, bake
from ..texture.padding import pad_edges
from ..texture.texels import CHUNK, CornerValues
from ..topology.normals import area_vectors
from ..uv.layout import Layout
from .front import STEEP_FACING, look_at_front
from .light import Light, learn_light

ColorsAt = Callable[[np.ndarray], np.ndarray]  # (N, 3) places to (N, 3) float32 sRGB, mostly 0..1

_TRUSTED = 0.3  # texels that the photo shows so well tell how the other colours differ from it
_LEAST = 200  # such texels, without which nothing is changed
_SAMPLES = 20_000
_LOOKED, _BAKED = 0.4, 0.6  # of the progress


def paint_blended(
    mesh: Mesh,
    view: View,
    cutout: CutOut,
    size: int,
    colors: ColorsAt,
    report: Callable[[float, str], None],
    *,
    uv: np.ndarray | None = None,
) -> Painted:
    """With a texture of `size` texels a side; `uv` as `stages.Painter.paint` takes it."""
    front = look_at_front(mesh, view, cutout, size, lambda done, note: report(_LOOKED * done, note), uv=uv)
    baked = bake(mesh, front.layout, [front.shot(STEEP_FACING)], report=lambda done: report(_LOOKED + (_BAKED - _LOOKED) * done, "Painting"))
    texture = _mixed(mesh, front.layout, baked, colors, lambda done: report(_BAKED + (1 - _BAKED) * done, "Painting"))
    return Painted(mesh=mesh, uv=front.layout.uv, texture=texture)


def _mixed(mesh: Mesh, layout: Layout, baked: Baked, colors: ColorsAt, report: Callable[[float], None]) -> np.ndarray:
    """(S, S, 3) uint8: the photo as far as it is trusted, the known colours for the rest."""
    normals = corner_normals(mesh.vertices, mesh.faces, area_vectors(mesh.vertices, mesh.faces))
    corners = CornerValues(layout.uv, layout.face, np.concatenate([mesh.vertices[mesh.faces], normals], axis=2))
    covered = layout.face >= 0
    trust = baked.trust.ravel()
    texture = baked.color.reshape(-1, 3).copy()
    light = _light(mesh, corners, baked, colors)
    open_ = np.flatnonzero(covered.ravel() & (trust < 1.0))
    for start in range(0, len(open_), CHUNK):
        index = open_[start : start + CHUNK]
        place = corners.at(index).values
        own = light.of(255 * colors(place[:, :3]), place)
        kept = trust[index, None]
        texture[index] = np.rint(kept * texture[index] + (1 - kept) * own)
        report((start + len(index)) / len(open_))
    return pad_edges(texture.reshape(baked.color.shape), covered)


def _light(mesh: Mesh, corners: CornerValues, baked: Baked, colors: ColorsAt) -> Light:
    """The photo's, as far as there are texels enough that it shows well."""
    seen = np.flatnonzero(baked.trust.ravel() >= _TRUSTED)
    seen = seen[np.linspace(0, len(seen) - 1, min(len(seen), _SAMPLES)).astype(np.int64)]
    if len(seen) < _LEAST:
        return Light.unchanged()
    place = corners.at(seen).values
    own = 255.0 * colors(place[:, :3]).astype(np.float64)
    size = float(np.linalg.norm(np.ptp(mesh.vertices, axis=0)))
    return learn_light(own, baked.color.reshape(-1, 3)[seen].astype(np.float64), place, size=size)
