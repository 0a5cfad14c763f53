"""Bodies given by formulas of distance, seen from the front and lit by lamps with shadows: cut-outs that no outline can tell apart.

Ray marching after Hart, "Sphere Tracing" (1996); Lambert's law; nothing here is the product's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

Body = Callable[[np.ndarray], np.ndarray]  # (..., 3) places, y up and z towards the viewer, to (...,) distances
SIZE = 200  # pixels
_REACH = 1.9  # of the picture's middle to its edge
_SAFE = 0.7  # of the distance that a step goes: blended bodies give too large ones
_AMBIENT = 0.12
_STEPS, _NEAR = 70, 2e-3

LAMPS = {
    "from the side": ((-0.9, 0.35, 0.45), 1.0),
    "from ahead": ((0.15, 0.45, 0.9), 0.9),
    "from above": ((-0.3, 0.9, 0.5), 0.9),
}


@cache
def turned_by(body: Body, degrees: float) -> Body:
    """About the upright axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return lambda p: body(np.stack([c * p[..., 0] - s * p[..., 2], p[..., 1], s * p[..., 0] + c * p[..., 2]], -1))


def ape(p: np.ndarray) -> np.ndarray:
    """A head with a round skull, brows over hollow eyes, a long muzzle and two ears."""
    aside = np.stack([np.abs(p[..., 0]), p[..., 1], p[..., 2]], -1)
    head = _blend(_ball(p, (0, 0.4, 0), 0.95), _rod(p, (0, -0.3, 0.4), (0, -1.1, 0.3), 0.42), 0.25)
    head = -_blend(-head, _ball(aside, (0.4, 0.15, 0.95), 0.3), 0.06)
    head = np.minimum(head, _ball(aside, (0.38, 0.15, 0.68), 0.24))
    head = _blend(head, _rod(aside, (0.05, 0.42, 0.95), (0.7, 0.62, 0.62), 0.1), 0.08)
    head = _blend(head, _ball(aside, (0.1, -0.35, 0.85), 0.12), 0.05)
    ear = _ball(aside * (1, 1, 2.0), (1.15, 0.25, 0), 0.36) / 2
    return _blend(head, ear, 0.06)


def round_body(heights: list[float], radii: list[float]) -> Body:
    """Turned about the upright axis; the radii lie on a smooth curve over the heights."""
    fine = np.linspace(heights[0], heights[-1], 200)
    radius = np.convolve(np.pad(np.interp(fine, heights, radii), 8, mode="edge"), np.hanning(19)[1:-1] / np.hanning(19).sum(), mode="valid")
    steepest = float(np.abs(np.gradient(radius, fine)).max())

    def body(p: np.ndarray) -> np.ndarray:
        side = np.hypot(p[..., 0], p[..., 2]) - np.interp(p[..., 1], fine, radius)
        ends = np.maximum(heights[0] - p[..., 1], p[..., 1] - heights[-1])
        return np.maximum(side / np.hypot(1, steepest), ends)

    return body


VASE = round_body([-1.3, -1.1, -0.2, 0.5, 0.9, 1.3], [0.45, 0.6, 0.95, 0.75, 0.4, 0.55])
MUSHROOM = round_body([-1.2, -0.2, 0.05, 0.15, 0.6, 1.0, 1.1], [0.42, 0.4, 0.45, 1.2, 1.05, 0.55, 0.2])
PAWN = round_body([-1.3, -1.05, -0.7, 0.2, 0.35, 0.5, 0.85, 1.2, 1.3], [0.85, 0.85, 0.45, 0.28, 0.55, 0.35, 0.5, 0.35, 0.05])


def seen(body: Body, lamp: str, *, colour: tuple[float, float, float] = (0.5, 0.5, 0.5)) -> np.ndarray:
    """(SIZE, SIZE, 4) uint8 cut-out; `colour` is the share of the light that the body sends back."""
    is_hit, place, normal = _surface(body)
    at, strength = LAMPS[lamp]
    towards = np.array(at) / np.linalg.norm(at)
    is_dark = _marched(body, place + 0.03 * normal, towards, far=3.0)[1]
    light = np.zeros(is_hit.shape)
    light[is_hit] = _AMBIENT * (1.2 + 0.8 * normal[:, 1]) + strength * np.maximum(normal @ towards, 0) * ~is_dark
    linear = np.clip(light[..., None] * np.array(colour), 0, 1)
    srgb = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    noise = np.random.default_rng(2).normal(0, 1.5, srgb.shape)
    return np.dstack([np.clip(255 * srgb + noise, 0, 255), 255 * is_hit]).astype(np.uint8)


@cache
def _surface(body: Body) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(SIZE, SIZE) bool: where the body is seen; of these pixels the places and the normals, (n, 3)."""
    across = ((np.arange(SIZE) + 0.5) / SIZE * 2 - 1) * _REACH
    start = np.stack([*np.broadcast_arrays(across[None, :], -across[:, None]), np.full((SIZE, SIZE), 1.6)], -1).reshape(-1, 3)
    place, is_hit = _marched(body, start, np.array([0, 0, -1.0]), far=3.2)
    place, step = place[is_hit], 1e-3
    normal = np.stack([body(place + step * axis) - body(place - step * axis) for axis in np.eye(3)], -1)
    return is_hit.reshape(SIZE, SIZE), place, normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)


def _marched(body: Body, start: np.ndarray, way: np.ndarray, *, far: float) -> tuple[np.ndarray, np.ndarray]:
    """Where rays (n, 3) end, and whether on the body."""
    gone, is_hit, going = np.zeros(len(start)), np.zeros(len(start), bool), np.arange(len(start))
    for _ in range(_STEPS):
        distance = body(start[going] + gone[going, None] * way)
        is_hit[going] = distance < _NEAR
        gone[going] += _SAFE * distance
        going = going[(distance >= _NEAR) & (gone[going] < far)]
    return start + gone[:, None] * way, is_hit


def _ball(p: np.ndarray, at: tuple[float, float, float], radius: float) -> np.ndarray:
    return np.linalg.norm(p - np.array(at), axis=-1) - radius


def _rod(p: np.ndarray, start: tuple[float, float, float], end: tuple[float, float, float], radius: float) -> np.ndarray:
    first, way = np.array(start), np.subtract(end, start)
    share = np.clip((p - first) @ way / (way @ way), 0, 1)
    return np.linalg.norm(p - first - share[..., None] * way, axis=-1) - radius


def _blend(a: np.ndarray, b: np.ndarray, over: float) -> np.ndarray:
    """The smaller one, with the crease rounded."""
    share = np.clip(0.5 + 0.5 * (b - a) / over, 0, 1)
    return b + (a - b) * share - over * share * (1 - share)
