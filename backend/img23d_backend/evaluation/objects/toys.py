"""Toys: several parts, and rings."""

from __future__ import annotations

from ..surfaces.surface import Surface, joined
from .solids import arc, ball, box, lathe, tube


def _car() -> Surface:
    wheels = [lathe([(0, -1), (2.6, -1), (2.6, 1), (0, 1)], "#2b2b2e", middle=(x, 2.6, z), turn=(90, 0, 0)) for x in (-6, 6) for z in (-4.6, 4.6)]
    windows = [box((-0.6, 8.6, z), (8.6, 2.4, 0.3), "#bcd8e8") for z in (-3.9, 3.9)]
    return joined((box((0, 4.6, 0), (20, 4, 9), "#d23b33"), box((-0.6, 8.4, 0), (10.5, 4, 7.8), "#d23b33"), *windows, *wheels))


def _rocket() -> Surface:
    hull = lathe([(0, 2), (2.4, 2), (3.4, 8), (3.2, 15), (1.6, 21), (0, 23)], "#e9e9ee")
    fins = [box((3.2 * x, 4, 3.2 * z), (0.6 + 3 * abs(x), 6, 0.6 + 3 * abs(z)), "#d2452f") for x, z in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    return joined((hull, *fins, lathe([(2.2, 0), (1.4, 2)], "#5a5a60"), ball((0, 14, 3), (1.3, 1.3, 0.7), "#3f7fc0")))


def _stacking_rings() -> Surface:
    colors = ("#3f62c4", "#3da35a", "#e6c02f", "#e07b2c", "#d23f3f")
    rings = [tube(arc((0, 2 + 2.6 * level, 0), 5 - 0.7 * level, 0, 330, count=12, plane="xz"), 1.5, color, closed=True) for level, color in enumerate(colors)]
    return joined((lathe([(0, 0), (7, 0), (7, 0.8), (1, 0.9), (0.9, 15), (0, 15.6)], "#c99a5b"), *rings))


def _robot() -> Surface:
    body = (box((0, 11, 0), (9, 10, 6), "#7f8fa6"), box((0, 19.4, 0), (6.6, 5.4, 5.4), "#aab6c6"))
    limbs = [box((side * x, y, 0), size, "#5c6b80") for side in (-1, 1) for x, y, size in ((2.4, 3, (3, 6, 3.6)), (6.2, 11, (2.4, 9, 3)))]
    eyes = [ball((x, 20, 2.8), (0.9, 0.9, 0.5), "#f4d23c") for x in (-1.5, 1.5)]
    return joined((*body, *limbs, *eyes, tube([(0, 22, 0), (0, 25, 0)], 0.3, "#5c6b80"), ball((0, 25.4, 0), (0.8, 0.8, 0.8), "#d23b33")))


def _toy_train() -> Surface:
    wheels = [
        lathe([(0, -0.8), (2.2, -0.8), (2.2, 0.8), (0, 0.8)], "#2b2b2e", middle=(x, 2.2, z), turn=(90, 0, 0)) for x in (-6.5, 0, 6.5) for z in (-3.6, 3.6)
    ]
    boiler = lathe([(0, -7), (3.2, -7), (3.2, 6), (0, 6)], "#2f7f57", middle=(3, 7, 0), turn=(0, 0, 90))
    return joined(
        (
            box((0, 3.6, 0), (20, 2, 7), "#4a3a2e"),
            boiler,
            box((-7, 9, 0), (6, 9, 7), "#c03a34"),
            box((-7, 13.9, 0), (7.4, 0.9, 8), "#4a3a2e"),
            lathe([(0, 9), (1.1, 9), (1.6, 14), (0, 14)], "#2b2b2e", middle=(6.5, 0, 0)),
            *wheels,
        )
    )


def _ring() -> Surface:
    return tube(arc((0, 6.2, 0), 4.8, 0, 330, count=12), 1.6, "#d8a52c", closed=True)


TOYS = {"toy car": _car, "rocket": _rocket, "stacking rings": _stacking_rings, "robot": _robot, "toy train": _toy_train, "ring": _ring}
