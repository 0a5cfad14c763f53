"""Furniture: legs, backs, shelves, and the empty room between them."""

from __future__ import annotations

from ..surfaces.surface import Surface, joined
from .solids import box, lathe, plate, tube


def _chair() -> Surface:
    legs = [box((x, 11, z), (2, 22, 2), "#7b4f2c") for x in (-8, 8) for z in (-8, 8)]
    back = [box((x, 34, -8), (2, 22, 2), "#7b4f2c") for x in (-8, 8)]
    slats = [box((0, y, -8), (16, 3, 1.2), "#9a6a3e") for y in (30, 36, 42)]
    return joined((*legs, *back, *slats, box((0, 23, 0), (20, 2.4, 20), "#a8743f")))


def _table() -> Surface:
    legs = [box((x, 13, z), (2.4, 26, 2.4), "#5a3b22") for x in (-19, 19) for z in (-10, 10)]
    return joined((*legs, box((0, 27, 0), (46, 2.4, 27), "#c99a5b")))


def _stool() -> Surface:
    legs = [tube([(3 * x, 20, 3 * z), (6 * x, 0, 6 * z)], 0.9, "#4a4a4e") for x, z in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    return joined((*legs, lathe([(0, 20), (8, 20), (8.4, 21), (8, 22.4), (0, 23)], "#b8433c")))


def _lamp() -> Surface:
    foot = lathe([(0, 0), (5, 0), (5, 0.8), (1, 1.6), (0.6, 2.4), (0.6, 18), (0, 18)], "#8a6a3a")
    return joined((foot, lathe([(8, 16), (4.6, 26), (4.3, 26), (7.7, 16), (8, 16)], "#e9a7b4")))


def _shelf() -> Surface:
    sides = [box((x, 20, 0), (1.6, 40, 10), "#d9c7a3") for x in (-14, 14)]
    boards = [box((0, y, 0), (28, 1.4, 10), "#d9c7a3") for y in (1, 13, 26, 39)]
    books = [box((x, 18 + height / 2 - 4.3, 0), (2, height, 7), color) for x, height, color in ((-11, 9, "#a83a3a"), (-8.5, 8, "#3a5fa8"), (-6, 10, "#3f8a55"))]
    return joined((*sides, *boards, *books))


def _picture_frame() -> Surface:
    outer, inner = [(-12, -9), (12, -9), (12, 9), (-12, 9)], [(-9.5, -6.5), (9.5, -6.5), (9.5, 6.5), (-9.5, 6.5)]
    return plate(outer, 2, "#b58b2e", holes=[inner], middle=(0, 9, 0))


FURNITURE = {"chair": _chair, "table": _table, "stool": _stool, "lamp": _lamp, "shelf": _shelf, "picture frame": _picture_frame}
