"""Painting with splats against a thing whose colour is known at every point: an egg with broad bands, and a fine check that only its photo shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from img23d_backend.engines.trellis.paint.painter import TrellisPainter
from img23d_backend.engines.trellis.paint.splat_colors import SplatColors
from img23d_backend.mesh.projection.light import learn_light
from img23d_backend.mesh.raster.rasterize import rasterize
from img23d_backend.stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from img23d_protocol.messages import Settings

AXES = np.array([0.45, 0.6, 0.4])
PIXELS = 320
SETTINGS = Settings.of(texture_size=1024)
FROM = {  # rows: to the right, up, towards the viewer
    "front": ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "back": ((-1, 0, 0), (0, 1, 0), (0, 0, -1)), "left": ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
    "right": ((0, 0, -1), (0, 1, 0), (1, 0, 0)), "above": ((1, 0, 0), (0, 0, -1), (0, 1, 0)), "below": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
}  # fmt: skip


def egg() -> Mesh:
    across, down = 96, 64
    v, u = np.meshgrid(np.linspace(0, np.pi, down), np.linspace(0, 2 * np.pi, across, endpoint=False), indexing="ij")
    points = np.stack((np.sin(v) * np.cos(u), np.cos(v), -np.sin(v) * np.sin(u)), axis=-1).reshape(-1, 3) * AXES
    at = lambda i, j: i * across + j % across  # noqa: E731
    faces = []
    for i in range(down - 1):
        for j in range(across):
            a, b, c, d = at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)
            faces += [(a, b, c)] * (i < down - 2) + [(a, c, d)] * (i > 0)
    return Mesh(vertices=points.astype(np.float32), faces=np.array(faces, np.int32))


def bands(points: np.ndarray) -> np.ndarray:
    """(N, 3) in 0..1: other colours on each side, broad enough for splats."""
    x, y, z = (points / AXES).T
    return np.stack((0.5 + 0.35 * x, 0.5 + 0.3 * np.sin(3 * y), 0.5 + 0.35 * z), axis=1)


def check(points: np.ndarray) -> np.ndarray:
    """A pattern of small squares, as fine as splats are large."""
    cells = np.floor(points[:, :2] / 0.035).astype(int).sum(axis=1) % 2
    return bands(points) + np.where(cells, 0.12, -0.12)[:, None]


def splats(count: int = 6000, exposure: float = 1.0) -> Splats:
    """Spread over the surface as evenly as a spiral is, flat on it."""
    number = np.arange(count) + 0.5
    height, turn = 1 - 2 * number / count, np.pi * (1 + 5**0.5) * number
    radius = np.sqrt(1 - height**2)
    positions = np.stack((radius * np.cos(turn), height, radius * np.sin(turn)), axis=1) * AXES
    return Splats(
        positions=positions.astype(np.float32),
        colors=(bands(positions) * exposure).astype(np.float32),
        opacities=np.full(count, 0.95, np.float32),
        scales=np.full((count, 3), 0.02, np.float32),
        rotations=np.tile(np.float32([1, 0, 0, 0]), (count, 1)),
    )


def view(side: str = "front") -> View:
    scale = 0.42 * PIXELS / AXES.max()
    right, up, towards = np.array(FROM[side], dtype=float)
    matrix = np.eye(4)
    matrix[0, :3], matrix[1, :3], matrix[2, :3] = scale * right, -scale * up, -scale * towards
    matrix[:2, 3] = PIXELS / 2
    return View(matrix=matrix)


def shown(mesh: Mesh, side: str, color_at, *, pixels: int = PIXELS) -> np.ndarray:
    """(P, P, 4) uint8: the colours `color_at` (face, barycentrics) of what is seen from a side."""
    raster = rasterize(view(side).project(mesh.vertices), mesh.faces, width=pixels, height=pixels)
    rows, columns = np.nonzero(raster.face >= 0)
    face = raster.face[rows, columns]
    corners = view(side).project(mesh.vertices)[mesh.faces[face]][:, :, :2]
    p = np.stack((columns, rows), axis=1) + 0.5
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    away = p - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    b = (away[:, 0] * second[:, 1] - away[:, 1] * second[:, 0]) / area
    c = (first[:, 0] * away[:, 1] - first[:, 1] * away[:, 0]) / area
    picture = np.zeros((pixels, pixels, 4), np.uint8)
    picture[rows, columns, :3] = np.rint(255 * np.clip(color_at(face, np.stack((1 - b - c, b, c), axis=1)), 0, 1))
    picture[rows, columns, 3] = 255
    return picture


def picture(mesh: Mesh, side: str, color) -> np.ndarray:
    """(P, P, 4) uint8, of colours by the place."""
    return shown(mesh, side, lambda face, weights: color(np.einsum("nk,nki->ni", weights, mesh.vertices[mesh.faces[face]])))


def seen(painted: Painted, side: str) -> np.ndarray:
    size = painted.texture.shape[0]

    def color_at(face: np.ndarray, weights: np.ndarray) -> np.ndarray:
        column, row = (np.einsum("nk,nki->ni", weights, painted.uv[face]) * size).astype(int).clip(0, size - 1).T
        return painted.texture[row, column] / 255

    return shown(painted.mesh, side, color_at)


def psnr(painted: Painted, side: str, color=bands, *, behind: bool = False) -> float:
    """Over what is clear of the outline, or of that what the photo does not show."""
    import cv2

    wanted, made = picture(painted.mesh, side, color), seen(painted, side)
    chosen = cv2.erode(wanted[:, :, 3], np.ones((9, 9), np.uint8)) > 0
    if behind:
        chosen &= picture(painted.mesh, side, lambda points: np.repeat(points[:, 2:] < -0.03, 3, axis=1))[:, :, 0] > 0
    away = (wanted[:, :, :3].astype(float) - made[:, :, :3])[chosen]
    return float(10 * np.log10(255**2 / (away**2).mean()))


class Other(Painter):
    """Says which painter was asked, and for what."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def paint(self, mesh, view, cutout, settings, context, *, uv=None, splats=None) -> Painted:
        self.asked.append(settings.hunyuan3d.paint.painter)
        return Painted(mesh=mesh, uv=np.zeros((len(mesh.faces), 3, 2), np.float32), texture=np.zeros((4, 4, 3), np.uint8))


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return egg()


@pytest.fixture(scope="module")
def cutout(mesh: Mesh) -> CutOut:
    return CutOut(rgba=picture(mesh, "front", check))


@pytest.fixture(scope="module")
def plain(mesh: Mesh) -> CutOut:
    """A photo without the check."""
    return CutOut(rgba=picture(mesh, "front", bands))


def paint(mesh: Mesh, cutout: CutOut, one: Splats | None, settings: Settings = SETTINGS, **kwargs) -> Painted:
    return TrellisPainter(projection=Other(), learned=Other()).paint(mesh, view(), cutout, settings, Context(), splats=one, **kwargs)


def test_all_sides_have_their_colours_and_the_front_is_as_sharp_as_the_photo(mesh: Mesh, cutout: CutOut, plain: CutOut) -> None:
    painted = paint(mesh, cutout, splats())
    quality = {side: psnr(painted, side, behind=True) for side in FROM if side != "front"}
    assert min(quality.values()) > 32, quality
    assert psnr(painted, "front", check) > 30 > psnr(paint(mesh, plain, splats()), "front", check) + 8, "what only the photo shows"


def test_splats_in_another_light_take_on_the_photos_and_no_edge_is_left(mesh: Mesh, plain: CutOut) -> None:
    painted = paint(mesh, plain, splats(exposure=0.75))
    assert min(psnr(painted, side) for side in FROM) > 30
    untouched = paint(mesh, CutOut(rgba=np.zeros((8, 8, 4), np.uint8)), splats(exposure=0.75))
    assert psnr(untouched, "back") < 22, "what it would be without"


def test_splats_that_are_lit_from_elsewhere_leave_no_edge_where_the_photo_ends(mesh: Mesh, plain: CutOut) -> None:
    """Brighter in red on the right and in blue on the left, which no line through all colours makes up for."""
    one = splats()
    lit = replace(one, colors=(one.colors * (0.92 + 0.25 * one.positions[:, :1] / AXES[0] * np.array([1, 0, -1]))).astype(np.float32))
    painted = paint(mesh, plain, lit)
    behind_the_border = lambda points: np.repeat((points[:, 2:] < 0.02) & (points[:, 2:] > -0.05), 3, axis=1)  # noqa: E731
    for side, most in (("left", 25), ("right", 10)):  # 40 and 15 with one line for all
        strip = picture(mesh, side, behind_the_border)[:, :, 0] > 0
        away = seen(painted, side)[:, :, :3][strip].astype(float) - picture(mesh, side, bands)[:, :, :3][strip]
        worst = np.abs(away).mean(axis=0).max()
        assert strip.sum() > 1000 and worst < most, (side, worst)


def test_the_photos_light_does_not_pass_through_a_thin_wall() -> None:
    """A sheet whose front is lit otherwise than its back, which the photo does not show."""
    ticks = np.linspace(0, 1, 40)
    x, y = (grid.ravel() for grid in np.meshgrid(ticks, ticks))
    front = np.stack((x, y, 0 * x + 0.01, 0 * x, 0 * x, 0 * x + 1), axis=1)
    back = front * (1, 1, -1, 1, 1, -1)
    own = np.full((len(x), 3), 120.0)
    own[::2] -= 60
    light = learn_light(own, own + 40 * (x[:, None] - 0.5), front, size=float(np.sqrt(2)))
    wanted = 40 * (x - 0.5)
    np.testing.assert_allclose((light.of(own, front) - own).mean(axis=1), wanted, atol=4, err_msg="a mean lags a little at the rim")
    assert np.abs(light.of(own, back) - own).max() < 3
    assert np.abs(light.of(own, front + (0, 5, 0, 0, 0, 0)) - own).max() < 3, "far away"


def test_an_artists_own_layout_is_kept(mesh: Mesh, cutout: CutOut) -> None:
    uv = paint(mesh, cutout, splats()).uv
    again = paint(mesh, cutout, splats(), uv=uv)
    np.testing.assert_allclose(again.uv, uv, atol=1e-6)
    assert psnr(again, "back") > 32


def test_equal_input_gives_equal_textures(mesh: Mesh, cutout: CutOut) -> None:
    one, other = (paint(mesh, cutout, splats()) for _ in range(2))
    assert (one.texture == other.texture).all() and (one.uv == other.uv).all()


@pytest.mark.parametrize(
    ("choice", "has_splats", "asked"),
    [
        ("splats", True, ([], [])),
        ("splats", False, (["preview"], [])),
        ("preview", True, (["preview"], [])),
        ("hunyuan3d-paint-turbo", True, ([], ["hunyuan3d-paint-turbo"])),
    ],
)
def test_who_paints(mesh: Mesh, cutout: CutOut, choice: str, has_splats: bool, asked: tuple[list, list]) -> None:
    projection, learned = Other(), Other()
    painter = TrellisPainter(projection=projection, learned=learned)
    painter.paint(mesh, view(), cutout, SETTINGS.changed(trellis_painter=choice), Context(), splats=splats() if has_splats else None)
    assert (projection.asked, learned.asked) == asked


# --- the colours themselves -----------------------------------------------------------------------------------------


def test_a_long_thin_splat_reaches_along_its_own_axis() -> None:
    """Two splats, a red one that was turned by 90 degrees about z so that it is long in y, and a round green one."""
    half = np.sqrt(0.5)
    two = Splats(
        positions=np.float32([[0, 0, 0], [0.5, 0.5, 0]]),
        colors=np.float32([[1, 0, 0], [0, 1, 0]]),
        opacities=np.float32([1, 1]),
        scales=np.float32([[0.5, 0.01, 0.01], [0.2, 0.2, 0.2]]),
        rotations=np.float32([[half, 0, 0, half], [1, 0, 0, 0]]),
    )
    at = SplatColors(two).at(np.array([[0.0, 0.6, 0.0], [0.6, 0.0, 0.0]]))
    np.testing.assert_allclose(at, [[1, 0, 0], [0, 1, 0]], atol=0.1)


def test_places_far_from_all_and_splats_that_are_mostly_haze() -> None:
    few = splats(5)
    faint = replace(few, opacities=np.full(5, 0.01, np.float32))
    for one in (few, faint):
        colors = SplatColors(one).at(np.array([[100.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
        assert np.isfinite(colors).all() and (colors >= 0).all() and (colors <= 1).all()
