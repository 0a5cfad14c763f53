"""Tools: long and thin, some with a hole."""

from __future__ import annotations

from ..surfaces.surface import Surface, joined
from .solids import arc, ball, box, lathe, plate, tube


def _hammer() -> Surface:
    head = joined(
        (box((0, 26, 0), (9, 3.6, 3.6), "#70757c"), lathe([(0, 0), (2.2, 0), (2.2, 2.4), (0, 2.4)], "#70757c", middle=(4.4, 26, 0), turn=(0, 0, -90)))
    )
    return joined((head, tube([(0, 0, 0), (0, 13, 0), (0, 28, 0)], 1.3, "#c08a4a")))


def _screwdriver() -> Surface:
    grip = lathe([(0, 0), (1.6, 0.2), (2, 2), (1.7, 5), (2, 9), (1.2, 10.4), (0, 10.6)], "#e0a020")
    return joined((grip, lathe([(0.55, 10), (0.55, 22), (0.2, 24), (0, 24)], "#8d949c")))


def _spanner() -> Surface:
    shaft = box((0, 12, 0), (2.4, 18, 1), "#8f959d")
    ring = plate(
        [point[:2] for point in arc((0, 0, 0), 3.4, 0, 351, count=40)],
        1.4,
        "#8f959d",
        holes=[[point[:2] for point in arc((0, 0, 0), 2, 0, 300, count=6)]],
        middle=(0, 2.6, 0),
    )
    jaw = plate([(-3.4, 20), (3.4, 20), (4, 24.5), (1.9, 26.5), (1.7, 23), (-1.7, 23), (-1.9, 26.5), (-4, 24.5)], 1.4, "#8f959d")
    return joined((shaft, ring, jaw))


def _key() -> Surface:
    bow = [point[:2] for point in arc((0, 0, 0), 3, 0, 354, count=60)]
    hole = [point[:2] for point in arc((0, 0, 0), 1.6, 0, 354, count=60)]
    blade = plate(
        [
            (-0.7, -12),
            (0.7, -12),
            (0.7, -2.5),
            (-0.7, -2.5),
            (-0.7, -6),
            (-2.4, -6),
            (-2.4, -7.6),
            (-0.7, -7.6),
            (-0.7, -9),
            (-2, -9),
            (-2, -10.6),
            (-0.7, -10.6),
        ],
        0.8,
        "#c9a23a",
        middle=(0, 12, 0),
    )
    return joined((plate(bow, 0.8, "#c9a23a", holes=[hole], middle=(0, 12, 0)), blade))


def _fork() -> Surface:
    tines = [tube([(x, 17, 0.3), (x, 20, 0.9), (x, 23, 0.4)], 0.22, "#a9aeb5") for x in (-1.05, -0.35, 0.35, 1.05)]
    neck = tube([(0, 0, 0.6), (0, 7, 0.2), (0, 14, 0)], 0.6, "#a9aeb5", end=0.4)
    return joined((neck, ball((0, 15.8, 0), (1.4, 2.2, 0.35), "#a9aeb5"), *tines))


def _broom() -> Surface:
    stick = tube([(0, 10, 0), (0, 25, 0), (0, 40, 0)], 0.7, "#b5824a")
    return joined((stick, lathe([(0, 12), (1.2, 12), (2, 9), (5, 0), (0, 0)][::-1], "#d8b860"), lathe([(1.5, 9.6), (1.5, 11.6)], "#a83232")))


TOOLS = {"hammer": _hammer, "screwdriver": _screwdriver, "spanner": _spanner, "key": _key, "fork": _fork, "broom": _broom}
