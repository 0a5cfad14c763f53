"""What the tiny painter learns from: coloured solids, as the six cameras' maps show them, and the picture of each.

A solid is a superellipsoid, from a ball to nearly a box. Its colour follows from where a point is as seen from the front,
so that the picture tells the colours of all sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

CELLS = 16  # latents a side
CAMERAS = (21, 12, 15, 18, 43, 37)  # the network's numbers of the six cameras
_SIDE = 2 * CELLS  # pixels that are looked at, four a cell
# As hy3dgen frames a mesh: half the width that a camera sees, and the radius of the ball around the mesh
_FRAME, _BALL = 0.6, 0.575
_BORDER = 1.4  # a picture's side over the longer side of what is in it
# Axes of the six cameras: what is to the right, what is up and what is towards the camera
_AXES = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)), ((0, 0, -1), (0, 1, 0), (1, 0, 0)), ((-1, 0, 0), (0, 1, 0), (0, 0, -1)),
    ((0, 0, 1), (0, 1, 0), (-1, 0, 0)), ((1, 0, 0), (0, 0, -1), (0, 1, 0)), ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """All as latents, in -1..1. `places`: where in the picture the surface of a view's cell is, in cells; nan where none is."""

    picture: Tensor  # (B, 1, 4, 16, 16)
    views: Tensor  # (B, 6, 4, 16, 16)
    normals: Tensor  # (B, 6, 4, 16, 16)
    positions: Tensor  # (B, 6, 4, 16, 16)
    places: Tensor  # (B, 6, 16, 16, 2)


def lesson(count: int) -> Lesson:
    power = 2 + 4 * torch.rand(count, 1, 1)
    sides = _sides(count, power)
    colours = _Colours(count)
    views = [_seen(sides, power, torch.tensor(axes, dtype=torch.float32)) for axes in _AXES]  # (B, S, S, 3), nan beside it
    points = torch.stack(views, dim=1)
    covered = ~points.isnan().any(dim=-1, keepdim=True)  # (B, 6, S, S, 1)
    relative = points / sides[:, None, None, None]
    paint = torch.where(covered, colours.at(relative[..., :2]), colours.mean())
    slopes = relative.sign() * relative.abs() ** (power[:, None, ..., None] - 1) / sides[:, None, None, None]
    return Lesson(
        picture=_latents(_picture(sides, power, colours))[:, None],
        views=_latents(paint),
        normals=_latents(_white(0.5 - _turned(functional.normalize(slopes, dim=-1)) / 2, covered)),
        positions=_latents(_white(0.5 - _turned(points) / (2 * _BALL), covered)),
        places=_places(points, sides),
    )


class _Colours:
    """One, two or three colours a solid: parts of the front on both sides of a line, and a spot."""

    def __init__(self, count: int) -> None:
        self._first, self._second, self._spot = (torch.rand(count, 1, 1, 1, 3) ** 1.3 for _ in range(3))
        angle = torch.rand(count, 1, 1, 1, 1) * 2 * torch.pi
        self._across = torch.cat((angle.cos(), angle.sin()), dim=-1)
        self._offset = torch.rand(count, 1, 1, 1, 1) * 1.2 - 0.6 + 3 * (torch.rand(count, 1, 1, 1, 1) < 0.25)
        self._centre = torch.rand(count, 1, 1, 1, 2) * 1.4 - 0.7
        self._radius = 0.7 * torch.rand(count, 1, 1, 1, 1) * (torch.rand(count, 1, 1, 1, 1) < 0.6)

    def at(self, places: Tensor) -> Tensor:
        """(B, N, H, W, 2) places of the front in -1..1 to colours in 0..1."""
        side = ((places * self._across).sum(dim=-1, keepdim=True) > self._offset).float()
        spot = ((places - self._centre).norm(dim=-1, keepdim=True) < self._radius).float()
        return torch.lerp(torch.lerp(self._first, self._second, side), self._spot, spot)

    def mean(self) -> Tensor:
        line = torch.linspace(-0.8, 0.8, 9)
        places = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1)
        return self.at(places).mean(dim=(2, 3), keepdim=True)


def _sides(count: int, power: Tensor) -> Tensor:
    """(B, 3) half sides of solids that just fit into the ball; `power` (B, 1, 1)."""
    sides = torch.exp(torch.rand(count, 3) * 1.4 - 0.7)
    # The farthest point: on an axis, or in the direction that Lagrange's multipliers give
    bent = torch.where(power[:, 0] > 2.01, 2 * power[:, 0] / (power[:, 0] - 2), 200.0)
    farthest = (sides**bent).sum(dim=-1, keepdim=True) ** (1 / bent)
    return sides / farthest * _BALL


def _seen(sides: Tensor, power: Tensor, axes: Tensor) -> Tensor:
    """(B, S, S, 3): the point of the surface that a camera sees at each pixel, nan beside the solid."""
    line = ((torch.arange(_SIDE) + 0.5) / _SIDE * 2 - 1) * _FRAME
    up, right = torch.meshgrid(-line, line, indexing="ij")
    plane = right[..., None] * axes[0] + up[..., None] * axes[1]  # (S, S, 3)
    rest = 1 - ((plane / sides[:, None, None]).abs() ** power[..., None]).sum(dim=-1)  # (B, S, S)
    near = (sides @ axes[2].abs())[:, None, None] * rest.clamp(min=0) ** (1 / power)
    points = plane + near[..., None] * axes[2]
    return torch.where(rest[..., None] > 0, points, torch.nan)


def _picture(sides: Tensor, power: Tensor, colours: _Colours) -> Tensor:
    """(B, S, S, 3): the front as the painter is given it, in the middle of white."""
    line = (torch.arange(_SIDE) + 0.5) / _SIDE * 2 - 1
    up, right = torch.meshgrid(-line, line, indexing="ij")
    extent = _BORDER * sides[:, :2].amax(dim=1)[:, None, None, None]
    relative = torch.stack((right, up), dim=-1) * extent / sides[:, None, None, :2]  # (B, S, S, 2)
    inside = (relative.abs() ** power[..., None]).sum(dim=-1, keepdim=True) < 1
    shade = 1 - 0.15 * torch.rand(len(sides), 1, 1, 1) * (relative[..., :1] + relative[..., 1:]).clamp(-1, 1)
    return torch.where(inside, (colours.at(relative[:, None])[:, 0] * shade).clamp(0, 1), 1.0)


def _places(points: Tensor, sides: Tensor) -> Tensor:
    """(B, N, 16, 16, 2) row and column in the picture, in cells, of points (B, N, S, S, 3)."""
    extent = _BORDER * sides[:, :2].amax(dim=1)[:, None, None, None, None]
    columns, rows = points[..., :1] / extent, -points[..., 1:2] / extent
    places = (torch.cat((rows, columns), dim=-1) / 2 + 0.5) * CELLS - 0.5
    return places.unflatten(3, (CELLS, -1)).unflatten(2, (CELLS, -1)).mean(dim=(3, 5))


def _turned(points: Tensor) -> Tensor:
    """Into the axes of the maps: hy3dgen shows 0.5 - (-x, z, -y), of points and of normals."""
    x, y, z = points.unbind(-1)
    return torch.stack((-x, z, -y), dim=-1)


def _white(colours: Tensor, covered: Tensor) -> Tensor:
    return torch.where(covered, colours, 1.0)


def _latents(colours: Tensor) -> Tensor:
    """(..., S, S, 3) in 0..1 to (..., 4, 16, 16)."""
    means = functional.avg_pool2d(colours.movedim(-1, -3).flatten(0, -4) * 2 - 1, _SIDE // CELLS)
    return functional.pad(means, (0, 0, 0, 0, 0, 1)).unflatten(0, colours.shape[:-3])
