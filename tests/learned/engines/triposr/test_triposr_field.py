"""TripoSR's field: what the planes say of a place, the axes, and the surface that the octree finds in it.

The planes here are written by formulas, in the model's axes as its repository tells them: x to the viewer, y to the right, z up; the planes
are of (x, y), (x, z) and (y, z), the first along the columns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from img23d_backend.engines.triposr.config.published import DecoderConfig
from img23d_backend.engines.triposr.networks.field import FieldDecoder
from img23d_backend.engines.triposr.shape.field import THRESHOLD, Field
from img23d_backend.fields.solid import sample_field, solid_of
from img23d_backend.machine.devices import choose
from img23d_backend.mesh.topology.checks import find_defects
from img23d_protocol import ErrorCode, Img23DError

RADIUS = 0.87
MIDDLE = {"right": 0.2, "up": -0.1, "viewer": 0.05}
RADII = {"right": 0.5, "up": 0.3, "viewer": 0.15}
STEEP = 300.0  # of the density's logarithm


def summing_decoder(colors: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> FieldDecoder:
    """One channel a plane: the density's logarithm is their sum; the colours are constant."""
    decoder = FieldDecoder(DecoderConfig(in_channels=3, n_neurons=3, n_hidden_layers=0, radius=RADIUS, density_bias=-1.0))
    (layer,) = decoder.layers
    with torch.no_grad():
        layer.weight.copy_(torch.cat((torch.ones(1, 3), torch.zeros(3, 3))))
        layer.bias.copy_(torch.tensor((1.0 + float(np.log(THRESHOLD)), *colors)))
    return decoder.eval().requires_grad_(False)


def ellipsoid(side: int = 512) -> Field:
    """Planes whose sum is 0 on it and above 0 inside; each axis' parabola stands in one of them."""
    line = ((torch.arange(side) + 0.5) / side * 2 - 1) * RADIUS  # at the cells' middles

    def parabola(name: str) -> Tensor:
        return STEEP * (1 / 3 - ((line - MIDDLE[name]) / RADII[name]) ** 2)

    columns, rows = torch.ones(side, 1), torch.ones(1, side)
    planes = torch.stack((parabola("viewer") * columns, parabola("up")[:, None] * rows, parabola("right") * columns))
    return Field(planes=planes[:, None], decoder=summing_decoder(), device=choose("cpu"))


def off(points: np.ndarray) -> np.ndarray:
    """How far from 1 the ellipsoid's equation is at places in glTF's axes."""
    middle, radii = (np.array([one["right"], one["up"], one["viewer"]]) for one in (MIDDLE, RADII))
    return (((points - middle) / radii) ** 2).sum(axis=1) - 1


def test_a_known_solid_stands_upright_and_faces_the_viewer() -> None:
    mesh = solid_of(ellipsoid(), 128, 0, lambda *_: None)
    assert np.abs(off(mesh.vertices)).max() < 0.02
    assert find_defects(mesh) == ()
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    wanted = [(MIDDLE[axis] - RADII[axis], MIDDLE[axis] + RADII[axis]) for axis in ("right", "up", "viewer")]
    assert np.allclose(np.stack((low, high), axis=1), wanted, atol=0.005)
    a, b, c = (mesh.vertices[mesh.faces[:, corner]].astype(np.float64) for corner in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * np.prod(list(RADII.values())), rel=0.01), "the faces look outwards"


def test_the_number_of_faces_is_kept() -> None:
    assert len(solid_of(ellipsoid(), 96, 1000, lambda *_: None).faces) <= 1000


@pytest.mark.parametrize(("plane", "lit"), [(0, ("viewer", "right")), (1, ("viewer", "up")), (2, ("right", "up"))])
def test_each_plane_lies_along_its_axes(plane: int, lit: tuple[str, str]) -> None:
    """One cell of a plane is bright: the density is there on a line along the third axis."""
    planes = torch.zeros(3, 1, 64, 64)
    column, row = 50, 20
    planes[plane, 0, row, column] = 10.0
    field = Field(planes=planes, decoder=summing_decoder(), device=choose("cpu"))
    at = {name: ((number + 0.5) / 64 * 2 - 1) * RADIUS for name, number in zip(lit, (column, row), strict=True)}
    for free in (-0.8, 0.0, 0.7):
        place = [at.get(axis, free) for axis in ("right", "up", "viewer")]
        assert field.inside(np.array([place]))[0] == pytest.approx(10.0, abs=1e-4)
        swapped = [-value if axis in lit else value for axis, value in zip(("right", "up", "viewer"), place, strict=True)]
        assert field.inside(np.array([swapped]))[0] == pytest.approx(0.0, abs=1e-4)


def test_colours_are_sigmoids() -> None:
    field = Field(planes=torch.zeros(3, 1, 8, 8), decoder=summing_decoder((0.0, 2.0, -2.0)), device=choose("cpu"))
    colors = field.colors(np.zeros((5, 3), np.float32))
    assert colors.shape == (5, 3)
    assert np.allclose(colors, 1 / (1 + np.exp([-0.0, -2.0, 2.0])), atol=1e-6)


def test_a_field_without_anything_solid_says_so() -> None:
    empty = Field(planes=torch.full((3, 1, 8, 8), -5.0), decoder=summing_decoder(), device=choose("cpu"))
    with pytest.raises(Img23DError) as caught:
        solid_of(empty, 64, 0, lambda *_: None)
    assert caught.value.code is ErrorCode.NO_SURFACE and "TripoSR" in caught.value.sentence


def test_a_field_that_is_not_a_number_says_so() -> None:
    broken = Field(planes=torch.full((3, 1, 8, 8), float("nan")), decoder=summing_decoder(), device=choose("cpu"))
    with pytest.raises(Img23DError) as caught:
        solid_of(broken, 64, 0, lambda *_: None)
    assert caught.value.code is ErrorCode.NO_SURFACE


def test_a_cancel_is_seen_while_the_surface_is_looked_for() -> None:
    class Stopped(Exception):
        pass

    told: list[float] = []

    def report(done: float, note: str) -> None:
        told.append(done)
        if len(told) > 20:
            raise Stopped

    with pytest.raises(Stopped):
        solid_of(ellipsoid(), 256, 0, report)
    assert told == sorted(told)


# --- the octree against the whole grid --------------------------------------------------------------------------------


def random_field(seed: int) -> Field:
    """A small decoder with random weights on smooth random planes, drawn out until a twentieth of the space is inside."""
    torch.manual_seed(seed)
    planes = interpolate(torch.randn(3, 4, 5, 5), (64, 64), mode="bicubic")
    decoder = FieldDecoder(DecoderConfig(in_channels=12, n_neurons=16, n_hidden_layers=2, radius=RADIUS, density_bias=-1.0)).eval().requires_grad_(False)
    values, _ = decoder(planes, (torch.rand(100_000, 3) * 2 - 1) * RADIUS)
    last = decoder.layers[-1]
    assert isinstance(last, nn.Linear)
    steep = 4 / values.std()
    last.weight[0] *= steep
    last.bias[0] = (last.bias[0] - 1 - torch.quantile(values, 0.95)) * steep + float(np.log(THRESHOLD)) + 1
    return Field(planes=planes, decoder=decoder, device=choose("cpu"))


FIELDS: dict[str, Callable[[], Field]] = {"known": lambda: ellipsoid(64), "random": lambda: random_field(1), "another random": lambda: random_field(2)}


@pytest.mark.parametrize("make", FIELDS.values(), ids=FIELDS)
def test_no_cell_of_the_surface_is_missed_with_a_tenth_of_the_points(make: Callable[[], Field]) -> None:
    """TripoSR's own grid has 256 points a side and asks for all of them."""
    field, points = make(), 256
    found = sample_field(field, points - 1, lambda *_: None)
    line = np.linspace(-RADIUS, RADIUS, points).astype(np.float32)
    inside = np.zeros((points + 2,) * 3, dtype=bool)  # beyond the cube nothing is
    for number, x in enumerate(line):
        slab = np.stack(np.meshgrid(x, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
        inside[number + 1, 1:-1, 1:-1] = field.inside(slab).reshape(points, points) > 0
    corners = sum(inside[a : a + points + 1, b : b + points + 1, c : c + points + 1].astype(np.int8) for a, b, c in np.ndindex(2, 2, 2))
    active = (corners > 0) & (corners < 8)
    got = np.zeros_like(active)
    got[tuple(found.cells.T + 1)] = True
    assert active.sum() > 20_000
    assert not (active & ~got).any() and not (got & ~active).any()
    assert found.queries * 10 <= points**3
