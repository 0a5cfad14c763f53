"""Vessels: hollow where they are in the world."""

from __future__ import annotations

from ..surfaces.surface import Surface, joined
from .solids import arc, ball, lathe, tube


def _mug() -> Surface:
    body = lathe([(0, 0), (3.6, 0), (4, 0.4), (4, 9), (3.7, 9.2), (3.4, 9), (3.4, 1), (0, 0.8)], "#3868b0")
    return joined((body, tube(arc((4, 4.6, 0), 2.7, -90, 90), 0.55, "#3868b0")))


def _bottle() -> Surface:
    glass = lathe([(0, 0), (3.4, 0), (3.7, 0.5), (3.7, 13), (3, 16), (1.4, 19), (1.3, 24), (1.6, 24.2), (1.6, 25), (0, 25)], "#2f6b3f")
    return joined((glass, lathe([(3.78, 4), (3.78, 10)], "#e8dcc0"), lathe([(0, 25), (1.2, 25), (1.1, 27), (0, 27)], "#b08a58")))


def _bowl() -> Surface:
    return lathe([(0, 0), (3.4, 0), (3.6, 0.8), (6.5, 3), (8.4, 6.8), (8.1, 7), (6.1, 3.6), (3.2, 1.5), (0, 1.2)], "#d8793a")


def _vase() -> Surface:
    return lathe([(0, 0), (3, 0), (4.6, 4), (5.4, 9), (4, 14), (2, 18), (2.2, 20), (3.4, 22), (3, 22), (1.8, 20), (0, 19)], "#7a4f9a")


def _teapot() -> Surface:
    body = lathe([(0, 0), (4, 0), (6.2, 2.5), (6.6, 5), (5.4, 8), (3, 9.4), (0, 9.6)], "#c8454a")
    lid = joined((lathe([(3, 9.3), (2.4, 10.4), (0.8, 11), (0, 11)], "#f0e6d8"), ball((0, 11.6, 0), (0.9, 0.9, 0.9), "#c8454a")))
    spout = tube([(5, 3, 0), (8, 4.2, 0), (9, 7, 0), (11, 8.6, 0)], 1.3, "#c8454a", end=0.7)
    return joined((body, lid, spout, tube(arc((-6.2, 5.2, 0), 2.9, 75, 285), 0.6, "#f0e6d8")))


def _wine_glass() -> Surface:
    profile = [
        (0, 0),
        (3.6, 0),
        (3.6, 0.25),
        (0.6, 0.7),
        (0.45, 1.2),
        (0.45, 8),
        (1.2, 8.8),
        (3.4, 11),
        (3.9, 14),
        (3.2, 18),
        (3, 18),
        (3.6, 14),
        (3.1, 11.4),
        (0, 9.2),
    ]
    return lathe(profile, "#9ec4cf")


VESSELS = {"mug": _mug, "bottle": _bottle, "bowl": _bowl, "vase": _vase, "teapot": _teapot, "wine glass": _wine_glass}
