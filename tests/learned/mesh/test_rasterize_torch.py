"""The rasterizer in torch gives what it gives in NumPy, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.mesh.raster.rasterize import rasterize

SIDE = {"width": 150, "height": 110}


def soup(count: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-10, 160, (count, 1, 3)) + rng.uniform(-spread, spread, (count, 3, 3))
    return corners.reshape(-1, 3).astype(np.float32), np.arange(3 * count).reshape(-1, 3)


def on_a_grid(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners and edges on pixels' centres, equal depths, faces twice."""
    points, faces = soup(count, 20)
    return np.round(points * 2) / 2 // [1, 1, 40], np.concatenate([faces, faces[::-1, ::-1]])


def broken() -> tuple[np.ndarray, np.ndarray]:
    points, faces = soup(200, 30)
    points[::17] = np.nan
    points[5::23, 2] = np.inf
    points[7::29, 0] *= 1e6
    return points, np.concatenate([faces, faces[:, [0, 0, 1]]])


MESHES = {
    "large": soup(400, 60),
    "small": soup(3000, 2),
    "tiny": soup(20_000, 0.3),
    "on a grid": on_a_grid(300),
    "broken": broken(),
    "nothing": (np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32)),
}


@pytest.mark.parametrize("device", ["cpu", "mps"])  # mps lacks double precision: NumPy does it, on any machine
@pytest.mark.parametrize("name", MESHES)
def test_torch_draws_what_numpy_draws(name: str, device: str) -> None:
    points, faces = MESHES[name]
    expected, raster = rasterize(points, faces, **SIDE), rasterize(points, faces, **SIDE, device=device)
    assert (raster.face == expected.face).all()
    assert (raster.depth == expected.depth).all()
    assert raster.face.dtype == expected.face.dtype
    assert raster.depth.dtype == expected.depth.dtype
    assert (expected.face >= 0).any() == (name != "nothing")


def test_torch_draws_what_lies_beyond() -> None:
    points, faces = MESHES["large"]
    beyond = rasterize(points, faces, **SIDE).depth
    expected = rasterize(points, faces, **SIDE, beyond=beyond)
    raster = rasterize(points, faces, **SIDE, beyond=beyond, device="cpu")
    assert (raster.face == expected.face).all()
    assert (raster.depth == expected.depth).all()
    assert (raster.face >= 0).any()


def test_many_fragments_are_drawn_in_pieces() -> None:
    points, faces = soup(200, 1500)
    expected = rasterize(points, faces, width=400, height=300)
    raster = rasterize(points, faces, width=400, height=300, device="cpu")
    assert (raster.face == expected.face).all()
    assert len(np.unique(expected.face)) > 5
