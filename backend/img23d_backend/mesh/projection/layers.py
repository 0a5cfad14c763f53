"""One baked texture over another: of the lower one shows what the upper one does not know, in the upper one's light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...stages import Mesh
from ..raster.visibility import corner_normals
from ..texture.bake import Baked
from ..texture.texels import CHUNK, CornerValues
from ..topology.normals import area_vectors
from ..uv.layout import Layout
from .light import learn_light

_TRUSTED = 0.3  # texels that both show so well tell how their colours differ
_LEAST = 200  # such texels, without which nothing is changed
_SAMPLES = 20_000


def laid_over(upper: Baked, lower: Baked) -> Baked:
    """Where both are trusted in part, a mean by trust, in which the upper one comes first."""
    first = upper.trust[..., None]
    second = (1 - first) * lower.trust[..., None]
    mean = (first * upper.color + second * lower.color) / np.maximum(first + second, 1e-6)
    color = np.where(first + second > 0, np.rint(mean), upper.color).astype(np.uint8)
    return Baked(color=color, trust=np.maximum(upper.trust, lower.trust))


def in_light_of(upper: Baked, lower: Baked, mesh: Mesh, layout: Layout, report: Callable[[float], None]) -> Baked:
    """The lower one with colours that agree with the upper one's, where both show the same surface."""
    both = np.flatnonzero(np.minimum(upper.trust, lower.trust).ravel() >= _TRUSTED)
    both = both[np.linspace(0, len(both) - 1, min(len(both), _SAMPLES)).astype(np.int64)]
    if len(both) < _LEAST:
        return lower
    normals = corner_normals(mesh.vertices, mesh.faces, area_vectors(mesh.vertices, mesh.faces))
    corners = CornerValues(layout.uv, layout.face, np.concatenate([mesh.vertices[mesh.faces], normals], axis=2))
    own, photo = (baked.color.reshape(-1, 3)[both].astype(np.float64) for baked in (lower, upper))
    size = float(np.linalg.norm(np.ptp(mesh.vertices, axis=0)))
    light = learn_light(own, photo, corners.at(both).values, size=size)
    color = lower.color.reshape(-1, 3).copy()
    shown = np.flatnonzero(lower.trust.ravel() > 0)
    for start in range(0, len(shown), CHUNK):
        index = shown[start : start + CHUNK]
        color[index] = np.rint(light.of(color[index].astype(np.float64), corners.at(index).values))
        report((start + len(index)) / len(shown))
    return Baked(color=color.reshape(lower.color.shape), trust=lower.trust)
