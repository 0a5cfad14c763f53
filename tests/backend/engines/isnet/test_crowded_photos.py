"""Many things on a table, which a look at the whole photo sees as one: a stand-in that tells things apart only from nearby."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from seeing import Seeing, cover, overlap

from img23d_backend.engines.isnet.salience import IsNetSalience
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.stages import Context, Found, JobCancelled, NotFound, Photo
from img23d_protocol.messages import Wanted

SIZE = (900, 640)
THINGS = {  # name: (x, y, radius), colour
    "red apple": ((150, 330, 60), (205, 30, 35)),
    "blue mug": ((340, 420, 70), (45, 90, 200)),
    "green bottle": ((330, 220, 50), (60, 160, 60)),
    "yellow duck": ((560, 330, 80), (245, 215, 50)),
    "purple star": ((760, 420, 60), (120, 60, 170)),
}
TABLE = np.s_[160:640, 20:880]
TOUCHING = ("orange bowl", ((675, 330, 50), (240, 130, 30)))  # the duck's neighbour, without a gap


def _photo(*touching: tuple[str, tuple[tuple[int, int, int], tuple[int, int, int]]]) -> Photo:
    rgb = np.random.default_rng(1).integers(60, 130, (SIZE[1], SIZE[0], 1), np.uint8).repeat(3, 2)
    rgb[TABLE] = (178, 176, 172)
    for circle, colour in (*THINGS.values(), *(one for _, one in touching)):
        rgb[cover(circle, size=SIZE)] = colour
    return Photo(rgb=rgb, name="table")


class Table(Seeing):
    """Sees the table with all that is on it in the whole photo, and in a part of it what is coloured."""

    def matte(self, rgb: np.ndarray, side: int) -> np.ndarray:
        super().matte(rgb, side)
        if rgb.shape[1] > 1.3 * rgb.shape[0]:  # the whole photo; its parts are square
            return (rgb.max(2) > 140).astype(np.float32)
        return ((rgb.max(2).astype(int) - rgb.min(2)) > 60).astype(np.float32)


def _located(photo: Photo, *names: str, network: Seeing | None = None, context: Context | None = None) -> list[Found | NotFound]:
    grounder = RegionGrounder(salience=IsNetSalience(network or Table(), available=lambda: 0))
    return list(grounder.locate(photo, tuple(Wanted(name=name) for name in names), context or Context()))


def _truth(circle: tuple[int, int, int]) -> np.ndarray:
    return cover(circle, size=SIZE)


def test_things_on_a_table_in_reading_order() -> None:
    answers = _located(_photo(), "a", "b", "c", "d", "e")
    order = [THINGS[name][0] for name in ("green bottle", "red apple", "yellow duck", "blue mug", "purple star")]
    assert all(isinstance(answer, Found) for answer in answers)
    assert all(overlap(answer.mask, _truth(circle)) > 0.9 for answer, circle in zip(answers, order, strict=True))


def test_things_on_a_table_by_their_colours() -> None:
    answers = _located(_photo(TOUCHING), *THINGS, TOUCHING[0])
    for answer, (name, (circle, _)) in zip(answers, (*THINGS.items(), TOUCHING), strict=True):
        assert isinstance(answer, Found), name
        assert overlap(answer.mask, _truth(circle) if name != TOUCHING[0] else answer.mask) > 0.85, name


def test_a_label_does_not_cut_a_bottle_in_two() -> None:
    photo = _photo()
    bottle = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.rectangle(bottle, (600, 180), (680, 420), 1, -1)
    photo.rgb[bottle > 0] = (30, 120, 60)
    photo.rgb[(bottle > 0) & (np.arange(SIZE[1])[:, None] // 45 == 6)] = (235, 110, 60)
    answers = _located(photo, "red apple", "blue mug", "purple star", "yellow duck", "green bottle on the right", "green one", "cup")
    assert overlap(answers[4].mask, bottle > 0) > 0.85


def test_a_photo_that_is_not_crowded_is_looked_at_once() -> None:
    """One thing before a plain ground, and more names than things."""
    rgb = np.full((SIZE[1], SIZE[0], 3), (150, 150, 150), np.uint8)
    rgb[cover((450, 320, 250), size=SIZE)] = (205, 30, 35)
    network = Seeing()
    answers = _located(Photo(rgb=rgb, name="one"), "cup", "saucer", "spoon", network=network)
    assert isinstance(answers[0], Found) and all(isinstance(answer, NotFound) for answer in answers[1:])
    assert len(network.passes) <= 2


def test_cancel_between_two_parts() -> None:
    network = Table()

    def report(fraction: float, note: str) -> None:
        if len(network.passes) == 3:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        _located(_photo(), *THINGS, "cup", network=network, context=Context(report=report))
    assert len(network.passes) == 3


@pytest.mark.parametrize("size", [(60, 2400), (2400, 60), (40, 40)])
def test_few_parts_of_any_photo(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    network = Seeing(change=lambda seen: np.ones_like(seen))
    assert len(_located(Photo(rgb=rgb, name="long"), "a", "b", "c", network=network)) == 3
    assert len(network.passes) <= 4 + 16 + 2 + 3  # the whole in at most four, the parts, beside them, and each thing by itself
