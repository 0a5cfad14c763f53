"""Colours around a texture's charts, so that nothing else shows where it is read between pixels or made smaller.

An image is a whole number a pixel here: three colours and 255 where it is known, 0 where it is not, in four bytes. NumPy and
OpenCV handle those several times as fast as three.
"""

from __future__ import annotations

import cv2
import numpy as np

_BAND = 64  # rows at a time, which stay within the processor's cache; even
_PAIR = np.uint32(0x00FF00FF)  # two of the four bytes, with room for a sum above each
_BESIDE = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def pad_edges(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The image (S, S, 3) uint8 with all outside `known` (S, S) bool in a colour of its surroundings: see `pad_pixels`."""
    if not known.any():
        return image
    pixels = pixels_of(image, known)
    pad_pixels(pixels, known)
    return colors_of(pixels)


def pixels_of(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(S, S, 4) uint8 of an image (S, S, 3) and where it is `known` (S, S)."""
    pixels = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    numbers = as_numbers(pixels)
    np.multiply(numbers, known.ravel(), out=numbers)  # in place: fetching so much memory takes longer
    return pixels


def colors_of(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR)


def as_numbers(pixels: np.ndarray) -> np.ndarray:
    """(S * S,) uint32: the same memory."""
    return pixels.reshape(-1, 4).view(np.uint32).ravel()


def pad_pixels(pixels: np.ndarray, known: np.ndarray) -> None:
    """Give the pixels (S, S, 4) outside `known` (S, S) bool, 0 in all four, a colour of their surroundings.

    A pixel that touches known ones has their mean, since a chart's outermost colours are mixed with it wherever the texture is
    read between pixels; the others that of the smallest square of 2, 4, 8, ... pixels that has any, so that smaller copies of
    the image are clean too.
    """
    _add_ring(pixels, known)
    _pad(pixels)


def _add_ring(pixels: np.ndarray, known: np.ndarray) -> None:
    """One pixel more around what is known."""
    width = known.shape[1]
    flags = known.view(np.uint8)
    ring = np.flatnonzero(cv2.dilate(flags, np.ones((3, 3), np.uint8)) != flags)
    line, column = ring // width, ring % width
    values = as_numbers(pixels)
    first, second = np.zeros((2, len(ring)), np.uint32)
    for down, right in _BESIDE:
        beside = values.take(ring + (down * width + right), mode="clip")
        beside[_outside(line + down, known.shape[0]) | _outside(column + right, width)] = 0
        first += beside & _PAIR
        second += (beside >> np.uint32(8)) & _PAIR
    values[ring] = _mean(first, second)


def _outside(position: np.ndarray, count: int) -> np.ndarray:
    return (position < 0) | (position >= count)


def _mean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N,) the pixels of which these are the sums of the first and third byte, and of the second and fourth."""
    low, high = np.uint32(0xFFFF), np.uint32(16)
    count = (second >> high) // np.uint32(255)
    half = count >> np.uint32(1)
    red, blue, green = ((total + half) // count for total in (first & low, first >> high, second & low))
    return red | (green << np.uint32(8)) | (blue << high) | np.uint32(0xFF000000)


def _pad(pixels: np.ndarray) -> None:
    """Give the pixels that are not known the mean of the smallest square that has any."""
    unknown = 255 - cv2.extractChannel(pixels, 3)
    if not unknown.any():
        return
    height, width = unknown.shape
    even = pixels
    if height % 2 or width % 2:
        even = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT, value=0)
    half = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    _correct(half, even)
    _pad(half)
    for start in range(0, height, _BAND):
        rows = slice(start, min(start + _BAND, height))
        some = half[start // 2 : (rows.stop + 1) // 2]
        twice = cv2.resize(some, (even.shape[1], 2 * len(some)), interpolation=cv2.INTER_NEAREST)
        cv2.copyTo(twice[: rows.stop - start, :width], unknown[rows], pixels[rows])


def _correct(half: np.ndarray, pixels: np.ndarray) -> None:
    """Where only some of four pixels are known, the others being 0, the mean is theirs."""
    share = cv2.extractChannel(half, 3)
    some = np.flatnonzero((share - np.uint8(1)) < 254)
    width = half.shape[1]
    first = 4 * width * (some // width) + 2 * (some % width)
    values = as_numbers(pixels)
    fours = [values.take(first + offset) for offset in (0, 1, 2 * width, 2 * width + 1)]
    first_sum = sum((four & _PAIR for four in fours), np.zeros(len(some), np.uint32))
    second_sum = sum(((four >> np.uint32(8)) & _PAIR for four in fours), np.zeros(len(some), np.uint32))
    as_numbers(half)[some] = _mean(first_sum, second_sum)
