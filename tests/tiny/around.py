"""What the tiny InstantMesh learns from: two of the plain photo's things as solids, seen by Zero123++'s six cameras, and asked at places.

All places are in the reconstruction's axes: x to the photo's viewer, y to the right as seen from there, z up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

from .inflated import Paint, Solid, things

VIEW = 320  # pixels a side
CELLS = VIEW // 8  # latents a side of a view
# Zero123++ v1.2's page: degrees from the photo's direction and above it; the reconstruction is told 4 away and 30 degrees wide
_AROUND, _ABOVE = (30, 90, 150, 210, 270, 330), (20, -10, 20, -10, 20, -10)
_AWAY, _WIDE = 4.0, 30.0
_KNOWN = slice(3, 5)  # of the photo's things: the blue mug and the red apple
_HALF = 0.8  # the longer side of a thing, halved
_WIDER = 1.2  # a solid's cube over the longer side of what is in it
_UNIT = 2 * _HALF * _WIDER  # the side of a solid's cube
_FILLS = 0.85  # of the photo's side
_RAYS, _STEPS = VIEW // 2, 20  # a side, and along each ray
_DEEP = 1.5  # a ray begins and ends so far before and behind the middle
_NEAR = 0.01  # to the surface


@dataclass(frozen=True, kw_only=True)
class Thing:
    solid: Solid
    colors: Paint

    def at(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Of places (N, 3): signed distances (N,), below 0 inside, and the colours there (N, 3)."""
        viewer, right, up = (places / _UNIT).unbind(1)
        own = torch.stack((up, -viewer, right), dim=1)  # the field's last axis first: z, y, x
        distances = grid_sample(self.solid.field, own[None, None, None] * 2, align_corners=False, padding_mode="border")[0, 0, 0, 0]
        beyond = (own.abs() - 0.5).clamp(min=0).norm(dim=1)
        return (distances + beyond) * _UNIT, self.colors.at(right, up)

    def places(self, count: int) -> Tensor:
        """(2 count, 3): half of them anywhere, half of them near the surface."""
        anywhere = (torch.rand(count, 3) * 2 - 1) * 1.05
        chosen = self._surface[torch.randint(len(self._surface), (count,))]
        cells = chosen.float() + torch.rand(count, 3)
        right, away, up = ((cells / self.solid.field.shape[-1] - 0.5) * _UNIT).unbind(1)
        return torch.cat((anywhere, torch.stack((-away, right, up), dim=1) + 0.03 * torch.randn(count, 3)))

    @cached_property
    def _surface(self) -> Tensor:
        return (self.solid.field[0, 0].abs() < 1.5 / self.solid.field.shape[-1]).nonzero()

    @cached_property
    def views(self) -> Tensor:
        """(6, 3, 320, 320) in 0..1 on white, without light and shadow."""
        pictures = torch.stack([self._seen(around, above) for around, above in zip(_AROUND, _ABOVE, strict=True)])
        return interpolate(pictures, (VIEW, VIEW), mode="bilinear", align_corners=False)

    def _seen(self, around: float, above: float) -> Tensor:
        """(3, R, R): where a ray gets inside, the colour."""
        back, right, up = _axes(around, above)
        line = ((torch.arange(_RAYS) + 0.5) / _RAYS * 2 - 1) * math.tan(math.radians(_WIDE / 2))
        rows, columns = torch.meshgrid(-line, line, indexing="ij")
        rays = (columns[..., None] * right + rows[..., None] * up - back).flatten(0, 1)  # of length 1 along the view's own direction
        far = torch.full((len(rays), 1), _AWAY - _DEEP)
        for _ in range(_STEPS):  # sphere tracing (Hart, 1996)
            distances = self.at(_AWAY * back + rays * far)[0]
            far = (far + 0.9 * distances[:, None]).clamp(max=_AWAY + _DEEP)
        hits, colors = distances < _NEAR, self.at(_AWAY * back + rays * far)[1]
        return torch.where(hits[:, None], colors, 1.0).T.unflatten(1, (_RAYS, _RAYS))

    def picture(self, side: int, random: np.random.Generator) -> Tensor:
        """(3, side, side) in 0..1: the photo's cut-out on white, with some shade and noise, not always as large and cut as exactly."""
        front, outline = self.colors.front, _cut(self.solid.outline, random)
        line = np.linspace(-1, 1, len(outline))
        shade = 1 + 0.2 * random.uniform(-1, 1) * line[None, :, None] + 0.2 * random.uniform(-1, 1) * line[:, None, None]
        on_white = front * shade * random.uniform(0.85, 1.15) * outline[..., None] + 1 - outline[..., None]
        zoom = _FILLS * _WIDER * random.uniform(0.95, 1.05)
        shift = len(outline) / 2 * (1 - zoom) + random.uniform(-4, 4, 2)
        about = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
        moved = cv2.warpAffine(on_white.astype(np.float32), about, outline.shape, borderValue=(1.0,) * 3)
        resized = cv2.resize(moved, (side, side), interpolation=cv2.INTER_LINEAR)
        noisy = resized + 0.02 * random.standard_normal(resized.shape)
        return torch.from_numpy(noisy.clip(0, 1).transpose(2, 0, 1).astype(np.float32))


def known() -> list[Thing]:
    return [Thing(solid=solid, colors=colors) for solid, colors in things()[_KNOWN]]


def cameras() -> Tensor:
    """(6, 16): rows of the matrix to the world, which is OpenGL's, then the focal lengths and the middle in units of a view's side."""
    focal = 0.5 / math.tan(math.radians(_WIDE / 2))
    rows = []
    for around, above in zip(_AROUND, _ABOVE, strict=True):
        back, right, up = _axes(around, above)
        pose = torch.stack((right, up, back, _AWAY * back), dim=1)  # (3, 4)
        rows.append(torch.cat((pose.flatten(), torch.tensor([focal, focal, 0.5, 0.5]))))
    return torch.stack(rows)


def means(pictures: Tensor) -> Tensor:
    """(..., 3, S, S) to (..., 4, S / 8, S / 8): what the VAE's latents are before its factor; the fourth is 0."""
    small = avg_pool2d(pictures, 8)
    return torch.cat((small, torch.zeros_like(small[..., :1, :, :])), dim=-3)


def _axes(around: float, above: float) -> tuple[Tensor, Tensor, Tensor]:
    """Towards the camera, to its right and up."""
    turn, tilt = math.radians(around), math.radians(above)
    back = torch.tensor([math.cos(tilt) * math.cos(turn), math.cos(tilt) * math.sin(turn), math.sin(tilt)])
    right = torch.tensor([-math.sin(turn), math.cos(turn), 0.0])
    return back, right, torch.linalg.cross(back, right)


def _cut(outline: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(P, P) float32 in 0..1, up to three pixels too wide or too narrow."""
    size = int(random.integers(0, 4))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1))
    changed = cv2.dilate(outline, kernel) if random.random() < 0.5 else cv2.erode(outline, kernel)
    return cv2.GaussianBlur(changed, (0, 0), 0.8).astype(np.float32) / 255
