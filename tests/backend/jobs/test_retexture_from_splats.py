"""A mesh of the artist's with splats at its place: the painter gets both in one frame, and their colours come out where they lie."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest
from test_retexture import QUADRANTS, color_on, cube, four_colours

from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.engines.trellis.paint.painter import TrellisPainter
from img23d_backend.jobs.retexture import retexture
from img23d_backend.stages import Context
from img23d_protocol.messages import Settings, UvSource

_NAMES = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()


class Watching(ProjectionPainter):
    def paint(self, mesh, view, cutout, settings, context, *, uv=None, splats=None):
        self.mesh, self.splats = mesh, splats
        return super().paint(mesh, view, cutout, settings, context, uv=uv)


def splat_file(folder: Path, places: np.ndarray, colors: np.ndarray, size: float) -> str:
    """Round ones at these places in Blender's world; the file's axes are right, down, forward."""
    head = ("ply", "format binary_little_endian 1.0", f"element vertex {len(places)}", *(f"property float {name}" for name in _NAMES), "end_header", "")
    rows = []
    for (x, y, z), color in zip(places, colors, strict=True):
        constant = [(channel / 255 - 0.5) * 2 * math.sqrt(math.pi) for channel in color]
        rows.append(struct.pack("<17f", x, -z, y, 0, 0, 0, *constant, 4.0, *[math.log(size)] * 3, 1, 0, 0, 0))
    (folder / "splats.ply").write_bytes("\n".join(head).encode("ascii") + b"".join(rows))
    return str(folder / "splats.ply")


def on_cube(shift, scale, count: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Places on all six sides of the cube, and the colours: the picture's on the front, elsewhere magenta where x is positive, else teal."""
    ticks = np.linspace(-0.96, 0.96, count)
    a, b = (grid.ravel() for grid in np.meshgrid(ticks, ticks))
    sides = [np.stack(np.roll([np.full_like(a, end), a, b], axis, axis=0), axis=1) for axis in range(3) for end in (-1.0, 1.0)]
    places = np.concatenate(sides)
    colors = np.where(places[:, :1] > 0, (220, 40, 200), (20, 160, 150))
    for (x, z), color in QUADRANTS.items():
        colors[(places[:, 1] == -1.0) & (places[:, 0] * x > 0) & (places[:, 2] * z > 0)] = color
    return places * scale + shift, colors


@pytest.mark.parametrize(("shift", "scale"), [((0, 0, 0), (1, 1, 1)), ((50, -30, 4), (2, 0.5, 0.5))], ids=["at the origin", "elsewhere"])
def test_both_are_in_one_frame(tmp_path: Path, shift, scale) -> None:
    data, (places, colors) = cube(shift, scale), on_cube(shift, scale)
    np.savez(tmp_path / "mesh.npz", **data)
    painter = Watching()
    retexture(tmp_path / "mesh.npz", UvSource.NEW, four_colours(), painter, Settings(), Context(), splats=splat_file(tmp_path, places, colors, 0.05))
    for end in ("min", "max"):
        outermost = getattr(painter.mesh.vertices, end)(axis=0)
        assert np.allclose(getattr(painter.splats.positions, end)(axis=0), outermost, atol=1e-4)


def test_without_any_the_painter_gets_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "mesh.npz", **cube())
    painter = Watching()
    retexture(tmp_path / "mesh.npz", UvSource.NEW, four_colours(), painter, Settings(), Context())
    assert painter.splats is None


@pytest.mark.parametrize(("shift", "scale"), [((0, 0, 0), (1, 1, 1)), ((50, -30, 4), (2, 0.5, 0.5))], ids=["at the origin", "elsewhere"])
def test_their_colours_are_on_the_back_and_the_picture_on_the_front(tmp_path: Path, shift, scale) -> None:
    data, (places, colors) = cube(shift, scale), on_cube(shift, scale)
    np.savez(tmp_path / "mesh.npz", **data)
    painter = TrellisPainter(projection=ProjectionPainter(), learned=ProjectionPainter())
    settings = Settings.of(texture_size=1024)
    source = splat_file(tmp_path, places, colors, 0.06 * min(scale))
    result = retexture(tmp_path / "mesh.npz", UvSource.NEW, four_colours(), painter, settings, Context(), splats=source)
    magenta, teal = (color_on(result, data, 2, x, 0.5) for x in (-0.5, 0.5))
    assert magenta[0] > 1.5 * magenta[1] and magenta[2] > 1.5 * magenta[1], magenta
    assert teal[1] > 1.5 * teal[0] and teal[2] > 1.5 * teal[0], teal
    assert color_on(result, data, 0, -0.5, 0.5) == pytest.approx((230, 30, 30), abs=15), "the front is the picture's"
