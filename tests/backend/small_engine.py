"""A whole engine in a few lines that really cuts and builds, and whose stages fail or wait where a test says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from img23d_backend.stages import (
    Context,
    CutOut,
    Engine,
    Found,
    Mesh,
    NotFound,
    Painted,
    Painter,
    Photo,
    PixelBox,
    Shaped,
    Shaper,
    Splats,
    View,
)
from img23d_protocol.messages import Settings, Wanted

CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
BLOCK = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]] + [[1, 5, 7], [1, 7, 3]],
    np.int32,
)
Trap = Callable[[str, int], None]  # called with the stage's name and how often it ran before; may raise


def no_trap(stage: str, count: int) -> None:
    pass


@dataclass
class SmallEngine(Shaper, Painter):
    """Things are boxes that are given; a cut-out is what differs from the corner's colour; a solid is its block."""

    trap: Trap = no_trap
    counts: dict[str, int] = field(default_factory=dict)

    def as_engine(self) -> Engine:
        return Engine(id="small", grounder=self, matter=self, shaper=self, painter=self)

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        self._enter("locate", context)
        if not wanted:
            return (Found(name=photo.name, box=PixelBox(left=0, top=0, right=photo.width, bottom=photo.height)),)
        return tuple(self._find(photo, one) for one in wanted)

    def _find(self, photo: Photo, one: Wanted) -> Found | NotFound:
        if one.box is None:
            return NotFound(name=one.name, sentence=f"Draw a box for {one.name}.")
        w, h, box = photo.width, photo.height, one.box
        sides = (round(box.left * w), round(box.top * h), round(box.right * w), round(box.bottom * h))
        return Found(name=one.name, box=PixelBox(left=sides[0], top=sides[1], right=sides[2], bottom=sides[3]))

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        self._enter("matte", context)
        box = found.box
        rgb = photo.rgb[box.top : box.bottom, box.left : box.right]
        alpha = np.abs(rgb.astype(int) - photo.rgb[0, 0]).max(axis=2) > 30
        rgba = np.dstack([rgb, alpha.astype(np.uint8) * 255])
        return CutOut(rgba=np.ascontiguousarray(rgba), left=box.left, top=box.top)

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        self._enter("shape", context)
        rows, columns = np.nonzero(cutout.rgba[:, :, 3])
        size = np.array([columns.max() - columns.min() + 1, rows.max() - rows.min() + 1, 10.0]) / 100
        view = View.front(center_u=columns.min(), center_v=rows.max() + 1.0, pixels_per_unit=100.0)
        return Shaped(mesh=Mesh(vertices=(CORNERS * size).astype(np.float32), faces=BLOCK), view=view)

    def paint(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        settings: Settings,
        context: Context,
        *,
        uv: np.ndarray | None = None,
        splats: Splats | None = None,
    ) -> Painted:
        self._enter("paint", context)
        side = settings.common.texture_size
        texture = np.broadcast_to(cutout.rgba[:, :, :3].mean(axis=(0, 1)).astype(np.uint8), (side, side, 3))
        if uv is None:
            uv = np.random.default_rng(context.seed).random((len(mesh.faces), 3, 2)).astype(np.float32)
        return Painted(mesh=mesh, uv=uv, texture=np.ascontiguousarray(texture))

    def _enter(self, stage: str, context: Context) -> None:
        count = self.counts.get(stage, 0)
        self.counts[stage] = count + 1
        self.trap(stage, count)
        context.report(0.5, "")
