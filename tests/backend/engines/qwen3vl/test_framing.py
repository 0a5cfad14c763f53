"""The picture as Qwen3-VL gets it, 2:1 at most, and its boxes back on the photo: marks drawn in the photo are found where they were."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.engines.qwen3vl.framing import Framed, framed
from img23d_backend.finding.instances import Instance
from img23d_protocol import ErrorCode, Img23DError

WIDE = [(3300, 1000), (4000, 1000), (1380, 245), (12_000, 400), (30_000, 200), (2001, 1000), (700, 7)]
USUAL = [(1200, 900), (2000, 1000), (1000, 2000), (50, 50)]


def marked(width: int, height: int) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """A red block on black, and its sides as fractions."""
    left, right, top, bottom = width // 2, width * 4 // 5, height // 4, height * 3 // 4
    photo = np.zeros((height, width, 3), np.uint8)
    photo[top:bottom, left:right, 0] = 255
    return photo, (left / width, top / height, right / width, bottom / height)


def seen(picture: np.ndarray) -> Instance:
    """Where the red block is in what the model gets, in its fractions."""
    red = (picture[..., 0] > 190) & (picture[..., 1] < 64)
    height, width = red.shape
    rows, columns = np.nonzero(red)
    return Instance(
        label="block",
        left=columns.min() / width,
        top=rows.min() / height,
        right=(columns.max() + 1) / width,
        bottom=(rows.max() + 1) / height,
    )


@pytest.mark.parametrize("size", [*WIDE, *[size[::-1] for size in WIDE]], ids=str)
def test_wide_and_tall_photos_are_two_to_one_at_most_and_boxes_come_back(size: tuple[int, int]) -> None:
    photo, true = marked(*size)
    frame = framed(photo)
    height, width = frame.rgb.shape[:2]
    assert max(width, height) / min(width, height) <= 2.01
    assert width * height < 10_000_000
    (found,) = frame.on_photo([seen(frame.rgb)])
    step = (1 / (width * frame.across), 1 / (height * frame.down))  # a pixel of what the model gets, in fractions of the photo
    sides = (found.left, found.top, found.right, found.bottom)
    assert all(abs(one - other) <= step[index % 2] for index, (one, other) in enumerate(zip(sides, true, strict=True)))


@pytest.mark.parametrize("size", USUAL, ids=str)
def test_other_photos_are_left_as_they_are(size: tuple[int, int]) -> None:
    photo, _ = marked(*size)
    frame = framed(photo)
    assert frame.rgb is photo and (frame.across, frame.down) == (1.0, 1.0)


def test_nothing_is_squeezed_by_more_than_half_and_the_rest_is_grey() -> None:
    photo = np.full((100, 1000, 3), 255, np.uint8)
    frame = framed(photo)
    assert frame.rgb.shape == (250, 500, 3) and frame.down == pytest.approx(0.4)
    assert (frame.rgb[:100] == 255).all() and (frame.rgb[100:] == 127).all()


def test_once_more_the_format_is_nearer_to_a_square() -> None:
    height, width = framed(np.zeros((900, 1600, 3), np.uint8), 4 / 3).rgb.shape[:2]
    assert width / height == pytest.approx(4 / 3, abs=0.01)


def test_what_lies_in_the_grey_is_left_out_and_what_reaches_into_it_is_cut() -> None:
    frame = Framed(rgb=np.zeros((2, 2, 3), np.uint8), down=0.4)
    inside = Instance(label="a", left=0.1, top=0.1, right=0.2, bottom=0.9)
    beside = Instance(label="b", left=0.1, top=0.5, right=0.2, bottom=0.9)
    (found,) = frame.on_photo([inside, beside])
    assert (found.label, found.top, found.bottom) == ("a", pytest.approx(0.25), 1.0)


@pytest.mark.parametrize("size", [(4000, 20), (20, 4001), (30_000, 8)])
def test_a_photo_that_is_all_length_is_refused_in_a_sentence(size: tuple[int, int]) -> None:
    with pytest.raises(Img23DError) as caught:
        framed(np.zeros((*size[::-1], 3), np.uint8))
    assert caught.value.code is ErrorCode.BAD_REQUEST and "crop it" in caught.value.sentence
