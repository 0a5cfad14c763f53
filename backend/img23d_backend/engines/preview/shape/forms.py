"""Thumbnails of what each kind would make of a cut-out: cheap enough for a whole list before anything is built."""

from __future__ import annotations

import cv2
import numpy as np

from img23d_protocol.limits import FACES_MIN
from img23d_protocol.messages import Settings, ShapeKind

from ....mesh.raster.thumbnail import thumbnail
from ....stages import Context, CutOut, Forms, Shaped
from .shaper import OutlineShaper

SIDE = 160  # pixels of the cut-out's longer side: the kind of solid is told by these alone
_KINDS = (ShapeKind.INFLATE, ShapeKind.REVOLVE, ShapeKind.FLAT)


class FormDrawer:
    """Builds the actual solids at low resolution, about a tenth of a second each."""

    def __init__(self) -> None:
        self._shaper = OutlineShaper()

    def draw(self, cutout: CutOut, settings: Settings, context: Context) -> Forms:
        """Raises Img23DError(EMPTY_CUTOUT)."""
        small, coarse = _small(cutout), settings.with_faces(FACES_MIN)
        automatic = self._shaper.shape(small, coarse, Context())  # as the run would, where the list says nothing
        pictures = {ShapeKind.AUTO: _picture(automatic)}
        for step, kind in enumerate(_KINDS, start=1):
            context.report(step / (len(_KINDS) + 1), "Drawing what it will be")
            made = self._shaper.shape(small, coarse.with_kind(kind), Context())
            pictures[kind] = _picture(made)
        return Forms(automatic=automatic.kind, pictures=pictures)


def _picture(made: Shaped) -> np.ndarray:
    assert made.mesh is not None, "this shaper makes meshes"
    return thumbnail(made.mesh)


def _small(cutout: CutOut) -> CutOut:
    """Without the photo's border: a thing that it cuts off has the same kind without it."""
    rgba = cutout.rgba
    scale = SIDE / max(rgba.shape[:2])
    if scale >= 1:
        return CutOut(rgba=rgba)
    size = tuple(max(1, round(length * scale)) for length in rgba.shape[1::-1])
    small = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
    return CutOut(rgba=small if (small[..., 3] >= 128).any() else np.ascontiguousarray(rgba))
