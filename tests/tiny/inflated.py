"""What the tiny TRELLIS learns from: outlines of all kinds, inflated to solids and painted, as pictures and as signed distances.

A solid's thickness grows from its outline inwards, so that the picture tells all of its shape; its colour goes through it from the
front to the back, so that the picture tells that of all sides as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor

DEMO = Path(__file__).resolve().parents[2] / "demo" / "plain"
FINE = 64  # samples of the field a side
_PIXELS = 256  # of an outline
_WIDER = 1.2  # a picture's side over the longer side of what is in it
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


@dataclass(frozen=True, kw_only=True)
class Solid:
    """In TRELLIS's axes, x to the right, y away from the viewer, z up, in a cube of side 1.

    `field` (1, 1, F, F, F) signed distances, below 0 inside; `outline` (P, P) uint8, rows downwards: x and -z.
    """

    field: Tensor
    outline: np.ndarray


def solid(random: np.random.Generator) -> Solid:
    return _inflated(_centred(_drawn(random)), float(random.uniform(0.75, 1.0)))


def things() -> list[tuple[Solid, Paint]]:
    """The plain photo's, each with its own colours on its front."""
    photo = cv2.cvtColor(cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    numbers = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    return [_thing(photo, np.where(numbers == number, 255, 0).astype(np.uint8)) for number in range(1, int(numbers.max()) + 1)]


def _thing(photo: np.ndarray, mask: np.ndarray) -> tuple[Solid, Paint]:
    front = cv2.warpAffine(_spread(photo, mask), _centring(mask), (_PIXELS, _PIXELS), borderMode=cv2.BORDER_REPLICATE)
    return _inflated(_centred(mask), 0.9), Paint(front=front.astype(np.float32) / 255)


def _inflated(outline: np.ndarray, thick: float) -> Solid:
    """`thick` is its thickness over its width where it is widest."""
    inside = cv2.distanceTransform(outline, cv2.DIST_L2, 5) / _PIXELS
    most = float(inside.max())
    share = inside / most
    half = most * np.sqrt(share * (2 - share)) * thick  # half the thickness: round at the outline
    small = cv2.resize(half.astype(np.float32), (FINE, FINE), interpolation=cv2.INTER_AREA)
    thickness = np.flipud(small).T[:, None, :]  # (x, 1, z)
    depth = np.abs((np.arange(FINE) + 0.5) / FINE - 0.5)[None, :, None]
    is_inside = depth < thickness
    distance = (distance_transform_edt(~is_inside) - distance_transform_edt(is_inside)) / FINE
    field = torch.from_numpy(gaussian_filter(distance, 1.0).astype(np.float32))
    return Solid(field=field[None, None], outline=outline)


@dataclass(frozen=True, kw_only=True)
class Paint:
    """(P, P, 3) float32 colours in 0..1 of a front, in the outline's pixels, defined beside it as well."""

    front: np.ndarray

    def at(self, x: Tensor, z: Tensor) -> Tensor:
        """(N,) places in -0.5..0.5 to (N, 3)."""
        columns, rows = (((place + 0.5) * _PIXELS).long().clamp(0, _PIXELS - 1) for place in (x, -z))
        return torch.from_numpy(self.front)[rows, columns]


def paint(random: np.random.Generator) -> Paint:
    """One to three colours on both sides of a line and in a spot, or as many as there are parts of the picture that are looked at."""
    if random.random() < 0.5:
        count = int(random.integers(2, 9))
        how = random.choice((cv2.INTER_NEAREST, cv2.INTER_LINEAR))
        return Paint(front=cv2.resize(random.random((count, count, 3)).astype(np.float32), (_PIXELS, _PIXELS), interpolation=int(how)))
    first, second, spot = (random.random(3) ** 1.3 for _ in range(3))
    line = (np.arange(_PIXELS) + 0.5) / _PIXELS - 0.5
    x, z = line[None, :], -line[:, None]
    angle, offset = random.uniform(0, 2 * np.pi), random.uniform(-0.3, 0.3) + (random.random() < 0.4)
    side = (x * np.cos(angle) + z * np.sin(angle) > offset)[..., None]
    u, v, radius = *random.uniform(-0.25, 0.25, 2), random.uniform(0.0, 0.25)
    near = ((x - u) ** 2 + (z - v) ** 2 < radius**2)[..., None]
    return Paint(front=np.where(near, spot, np.where(side, second, first)).astype(np.float32))


def picture(one: Solid, colors: Paint, side: int, random: np.random.Generator) -> Tensor:
    """(3, side, side), as the image encoder takes it: over black, with some shade and noise."""
    line = np.linspace(-1, 1, _PIXELS)
    shade = 1 + 0.2 * random.uniform(-1, 1) * line[None, :, None] + 0.2 * random.uniform(-1, 1) * line[:, None, None]
    front = np.where(one.outline[..., None] > 0, colors.front * shade, 0).astype(np.float32)
    small = cv2.resize(front, (side, side), interpolation=cv2.INTER_AREA)
    noisy = small + 0.03 * random.standard_normal((side, side, 1)) * (small.sum(axis=2, keepdims=True) > 0)
    return torch.from_numpy(((noisy.clip(0, 1) - _MEAN) / _DEVIATION).transpose(2, 0, 1).astype(np.float32))


def _drawn(random: np.random.Generator) -> np.ndarray:
    """An outline somewhere."""
    canvas = np.zeros((_PIXELS, _PIXELS), np.uint8)
    kinds = (_superellipse, _superellipse, _ellipses, _ellipses, _star, _ring)
    kinds[random.integers(len(kinds))](canvas, random)
    return canvas


def _superellipse(canvas: np.ndarray, random: np.random.Generator) -> None:
    tall, power = 3.0 ** random.uniform(-1, 1), 2 ** random.uniform(1, 3)
    width, height = 110 / max(tall, 1.0), 110 / max(1 / tall, 1.0)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    points = np.stack((128 + width * np.sign(c) * np.abs(c) ** (2 / power), 128 + height * np.sign(s) * np.abs(s) ** (2 / power)), axis=1)
    cv2.fillPoly(canvas, [points.round().astype(np.int32)], 255)


def _ellipses(canvas: np.ndarray, random: np.random.Generator) -> None:
    """Two to four that overlap."""
    x, y = 128.0, 128.0
    for _ in range(random.integers(2, 5)):
        axes = tuple(int(one) for one in random.uniform(18, 70, 2))
        cv2.ellipse(canvas, (int(x), int(y)), axes, float(random.uniform(0, 180)), 0, 360, 255, -1)
        angle = random.uniform(0, 2 * np.pi)
        x, y = np.clip((x + min(axes) * np.cos(angle), y + min(axes) * np.sin(angle)), 70, 186)


def _star(canvas: np.ndarray, random: np.random.Generator) -> None:
    count, inner, turn = random.integers(4, 8), random.uniform(0.45, 0.8), random.uniform(0, 2 * np.pi)
    angle = turn + np.arange(2 * count) * np.pi / count
    radius = 110 * np.where(np.arange(2 * count) % 2, inner, 1.0)
    points = np.stack((128 + radius * np.cos(angle), 128 + radius * np.sin(angle)), axis=1)
    cv2.fillPoly(canvas, [points.round().astype(np.int32)], 255)


def _ring(canvas: np.ndarray, random: np.random.Generator) -> None:
    """A body with a handle."""
    side = random.choice((-1, 1))
    width, height = random.integers(40, 70), random.integers(50, 95)
    cv2.rectangle(canvas, (128 - int(width), 128 - int(height)), (128 + int(width), 128 + int(height)), 255, -1)
    radius = random.integers(25, 45)
    cv2.circle(canvas, (128 + int(side * width), 128), int(radius), 255, int(random.integers(10, 18)))


def _spread(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Beside the thing each pixel has the colour of the thing's nearest one."""
    rows, columns = distance_transform_edt(cv2.erode(mask, np.ones((5, 5), np.uint8)) == 0, return_distances=False, return_indices=True)
    return photo[rows, columns]


def _centred(canvas: np.ndarray) -> np.ndarray:
    moved = cv2.warpAffine(canvas, _centring(canvas), (_PIXELS, _PIXELS))
    return np.where(moved > 127, 255, 0).astype(np.uint8)


def _centring(canvas: np.ndarray) -> np.ndarray:
    """(2, 3), as a picture is cut: its longer side fills 1 / 1.2 of it."""
    x, y, width, height = cv2.boundingRect(canvas)
    scale = _PIXELS / (_WIDER * max(width, height))
    shift = (_PIXELS / 2 - scale * (x + width / 2), _PIXELS / 2 - scale * (y + height / 2))
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
