"""Animals, and a tree: round parts in front of each other."""

from __future__ import annotations

from ..surfaces.surface import Surface, joined
from .solids import ball, lathe, tube


def _dog() -> Surface:
    legs = [tube([(x, 0, z), (x, 4, z), (x, 8, z)], 1.1, "#a8703a") for x in (-5, 5) for z in (-1.8, 1.8)]
    head = (ball((7, 14, 0), (3.2, 3, 2.8), "#a8703a"), ball((10, 13.2, 0), (2, 1.5, 1.6), "#c08a52"), ball((11.8, 13.6, 0), (0.6, 0.6, 0.6), "#22201e"))
    ears = [ball((6, 14.6, z), (1.1, 2.4, 0.6), "#6e4522") for z in (-2.8, 2.8)]
    return joined(
        (ball((0, 9.4, 0), (7.4, 3.6, 3.3), "#a8703a"), *legs, *head, *ears, tube([(-6.6, 11, 0), (-9, 13.5, 0), (-9.6, 16, 0)], 0.8, "#a8703a", end=0.4))
    )


def _duck() -> Surface:
    body = ball((0, 4.6, 0), (7, 4.6, 5), "#f0c31e")
    head = (ball((4.4, 11, 0), (3.6, 3.5, 3.4), "#f0c31e"), ball((8, 10.4, 0), (2, 0.8, 1.6), "#e8772a"))
    eyes = [ball((6.2, 12, z), (0.6, 0.7, 0.4), "#26211c") for z in (-2.6, 2.6)]
    return joined((body, *head, *eyes, ball((-6.4, 7.4, 0), (2.2, 2.6, 2), "#f0c31e", turn=(0, 0, 30))))


def _fish() -> Surface:
    fins = (ball((-9.5, 6, 0), (2, 4, 0.5), "#d4602a"), ball((0, 10, 0), (3.4, 2, 0.5), "#d4602a"), ball((0, 2.2, 0), (2, 1.6, 0.5), "#d4602a"))
    eyes = [ball((5.8, 6.8, z), (0.8, 0.8, 0.4), "#1f1d1b") for z in (-1.9, 1.9)]
    return joined((ball((0, 6, 0), (8.6, 4.4, 2.7), "#ec8a3c"), *fins, *eyes))


def _snail() -> Surface:
    shell = [ball((-1 + 0.2 * step, 7, 0), (5 - step, 5 - step, 3 + 0.35 * step), color) for step, color in enumerate(("#9a5a3a", "#c98a5a", "#9a5a3a"))]
    body = tube([(-8, 1.2, 0), (0, 1.6, 0), (6, 2, 0), (8.4, 5, 0)], 1.5, "#d6c08a", end=1.3)
    horns = [tube([(8.6, 5.4, z), (9.6, 8.4, 1.6 * z)], 0.3, "#d6c08a") for z in (-0.8, 0.8)]
    return joined((*shell, body, ball((8.6, 5, 0), (1.6, 1.5, 1.4), "#d6c08a"), *horns))


def _bird() -> Surface:
    wings = [ball((-0.6, 9, z), (4.4, 2.4, 0.8), "#2f5fa0", turn=(0, 0, -12)) for z in (-3.2, 3.2)]
    legs = [tube([(0.6, 0, z), (0.4, 5, z)], 0.35, "#d98a2e") for z in (-1.3, 1.3)]
    head = (ball((4.2, 13, 0), (2.7, 2.6, 2.5), "#4f8fd0"), lathe([(0, 2.4), (0.9, 0), (0, 0)][::-1], "#e8a52c", middle=(6.6, 12.8, 0), turn=(0, 0, -90)))
    eyes = [ball((5.4, 13.8, z), (0.45, 0.45, 0.3), "#1d1b1a") for z in (-2.1, 2.1)]
    return joined(
        (
            ball((0, 8.6, 0), (5.2, 4, 3.4), "#4f8fd0", turn=(0, 0, 20)),
            *wings,
            *legs,
            *head,
            *eyes,
            ball((-6, 6.6, 0), (3.4, 0.8, 1.4), "#2f5fa0", turn=(0, 0, 24)),
        )
    )


def _tree() -> Surface:
    trunk = tube([(0, 0, 0), (0.3, 6, 0), (0, 12, 0)], 1.3, "#6e4a2c", end=0.8)
    crown = [
        ball(middle, (4.2, 3.8, 4.2), color)
        for middle, color in (((0, 17, 0), "#3f8a45"), ((-3.4, 13.6, 1), "#4c9a50"), ((3.4, 13.8, -0.6), "#4c9a50"), ((0.4, 13.4, 3), "#5aa85c"))
    ]
    return joined((trunk, *crown))


ANIMALS = {"dog": _dog, "duck": _duck, "fish": _fish, "snail": _snail, "bird": _bird, "tree": _tree}
