"""Pictures whose true matte is known: things with an alpha of their own put on photographs, each pixel mixed by that alpha.

Everything follows from SEED and the thing's number, so that two ways of cutting out see the same pictures, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...places import PLAIN_PHOTO
from .sources import Package, listed

SEED = 20261122
SIDES = (640, 1600)  # pixels: the longer side of a picture
SHARES = (0.15, 0.70)  # of the picture's area that the thing's box has
QUALITIES = (85, 95)  # of the JPEG
ASPECTS = (4 / 3, 3 / 2, 1.0, 3 / 4, 16 / 9)
_ENLARGED = 2.5  # times: a thing of few pixels makes the picture smaller, down to the least side
_EMOJI = 109  # pixels a line: the only size of the font's bitmaps
_FAINT, _MOST_FAINT = (26, 230), 0.3  # alpha between these over that share of a thing: it is no solid thing
_BIG_ENOUGH = 90  # pixels of the shorter side

PLAIN, SHADOW, BORDER, WHITE = "as it is", "soft shadow", "cut by the border", "white on white"
KINDS = (PLAIN, SHADOW, PLAIN, BORDER, SHADOW, PLAIN, WHITE, SHADOW, PLAIN, SHADOW)  # of ten things
PHOTOGRAPH, RENDER, DRAWING = "photograph", "render", "drawing"
_LOOKS = {"tuxpaint-stamps-default": PHOTOGRAPH}  # all others are drawn


@dataclass(frozen=True, kw_only=True)
class Thing:
    """`rgba` (h, w, 4) uint8, straight alpha, cut to what is not empty."""

    name: str
    look: str
    rgba: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Composite:
    """`jpeg` is the picture as a file; `alpha` (H, W) float32 the true matte; `box` left, top, right, bottom of what shows of it."""

    thing: str
    look: str
    ground: str
    kind: str
    jpeg: bytes
    alpha: np.ndarray
    box: tuple[int, int, int, int]


def things(packages: Sequence[Package], folders: dict[str, Path]) -> Iterator[Thing]:
    """All that are solid and large enough, in the lock's order; the demo's own last."""
    for package in packages:
        look = _LOOKS.get(package.name, DRAWING)
        for path in listed(package, package.things, folders[package.name]):
            yield from _usable(path.name, look, np.asarray(Image.open(path).convert("RGBA")))
        if package.emoji:
            (font,) = listed(package, [package.font], folders[package.name])
            letters = ImageFont.truetype(str(font), _EMOJI)
            for letter in package.emoji:
                yield from _usable(f"emoji {ord(letter):x}", look, _drawn(letter, letters))
    yield from _of_the_demo()


def grounds(packages: Sequence[Package], folders: dict[str, Path]) -> list[Path]:
    return [path for package in packages for path in listed(package, package.grounds, folders[package.name])]


def composites(found: Sequence[Thing], paths: Sequence[Path], chosen: Sequence[int] | None = None) -> Iterator[Composite]:
    """One a thing; `chosen` are the numbers of those that are wanted, by default all."""
    for number in range(len(found)) if chosen is None else chosen:
        yield compose(found[number], paths, number)


def compose(thing: Thing, paths: Sequence[Path], number: int) -> Composite:
    random = np.random.default_rng((SEED, number))
    kind = KINDS[number % len(KINDS)]
    size, scale = _sizes(thing.rgba, random)
    path = paths[int(random.integers(len(paths)))]
    ground = _white_ground(size, random) if kind == WHITE else _cropped(_read(path), size, random)
    rgba = _whitened(thing.rgba) if kind == WHITE else thing.rgba
    color, alpha = _placed(_scaled(rgba, scale), size, random, beyond=kind == BORDER)
    if kind in (SHADOW, WHITE):
        ground = ground * (1 - _shadow(alpha, random)[..., None])
    mixed = color + (1 - alpha[..., None]) * ground
    quality = int(random.integers(QUALITIES[0], QUALITIES[1] + 1))
    encoded = cv2.imencode(".jpg", np.clip(np.rint(mixed), 0, 255).astype(np.uint8)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    rows, columns = np.flatnonzero((alpha >= 0.5).any(1)), np.flatnonzero((alpha >= 0.5).any(0))
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    name = "white" if kind == WHITE else path.name
    return Composite(thing=thing.name, look=thing.look, ground=name, kind=kind, jpeg=encoded.tobytes(), alpha=alpha, box=box)


# --- the things -----------------------------------------------------------------------------------------------------------


def _usable(name: str, look: str, rgba: np.ndarray) -> Iterator[Thing]:
    solid = rgba[..., 3] > _FAINT[1]
    if not solid.any():
        return
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    seen = rgba[..., 3] > _FAINT[0]
    faint = np.count_nonzero(seen & (rgba[..., 3] < _FAINT[1])) / np.count_nonzero(seen)
    if faint <= _MOST_FAINT and min(rgba.shape[:2]) >= _BIG_ENOUGH:
        yield Thing(name=name, look=look, rgba=rgba)


def _drawn(letter: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    picture = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(picture).text((0, 0), letter, font=font, embedded_color=True)
    return np.asarray(picture)


def _of_the_demo() -> Iterator[Thing]:
    """The things of the plain photo, by its masks, one pixel inside of their outline and softened there."""
    numbers = np.asarray(Image.open(PLAIN_PHOTO / "masks.png").convert("L"))
    photo = np.asarray(Image.open(PLAIN_PHOTO / "photo.jpg").convert("RGB"))
    for number in range(1, int(numbers.max()) + 1):
        mask = cv2.erode((numbers == number).astype(np.uint8), np.ones((3, 3), np.uint8)) * np.uint8(255)
        yield from _usable(f"demo {number}", RENDER, np.dstack([photo, cv2.GaussianBlur(mask, (0, 0), 0.7)]))


# --- the picture ----------------------------------------------------------------------------------------------------------


def _sizes(rgba: np.ndarray, random: np.random.Generator) -> tuple[tuple[int, int], float]:
    """Height and width of the picture, and how many times the thing is enlarged."""
    height, width = rgba.shape[:2]
    aspect, share = float(random.choice(ASPECTS)), random.uniform(*SHARES)
    side = random.uniform(*SIDES)
    room = (side, side / aspect) if aspect >= 1 else (side * aspect, side)  # width, height
    scale = min((share * room[0] * room[1] / (width * height)) ** 0.5, 0.95 * room[0] / width, 0.95 * room[1] / height)
    shrink = max(min(1.0, _ENLARGED / scale), SIDES[0] / side)
    return (round(room[1] * shrink), round(room[0] * shrink)), scale * shrink


def _read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def _cropped(photo: np.ndarray, size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """(H, W, 3) float32 of the photo's largest part of that aspect, or three quarters of it, somewhere."""
    height, width = photo.shape[:2]
    fit = min(height / size[0], width / size[1]) * random.uniform(0.75, 1)
    part = round(size[0] * fit), round(size[1] * fit)
    top, left = (int(random.integers(0, whole - own + 1)) for whole, own in ((height, part[0]), (width, part[1])))
    way = cv2.INTER_AREA if fit > 1 else cv2.INTER_CUBIC
    cut = cv2.resize(photo[top : top + part[0], left : left + part[1]], size[::-1], interpolation=way)
    return cut[:, ::-1].astype(np.float32) if random.random() < 0.5 else cut.astype(np.float32)


def _white_ground(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """(H, W, 3) float32: paper in uneven light, with a camera's noise."""
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]] / max(size)
    slope = random.uniform(-14, 14, 2)
    light = random.uniform(228, 248) + slope[0] * rows + slope[1] * columns
    tint = random.uniform(-3, 3, 3)
    return np.clip(light[..., None] + tint + random.normal(0, 1.5, (*size, 3)), 0, 255).astype(np.float32)


def _whitened(rgba: np.ndarray) -> np.ndarray:
    """A thing as if of plaster: its own shading between light grey and white, hardly any colour."""
    rgb = rgba[..., :3].astype(np.float32)
    grey = rgb.mean(axis=2, keepdims=True)
    low, high = np.percentile(grey[rgba[..., 3] > 128], (2, 98))
    shade = 165 + 85 * np.clip((grey - low) / max(high - low, 1), 0, 1)
    return np.dstack([np.clip(shade + 0.06 * (rgb - grey), 0, 255).astype(np.uint8), rgba[..., 3]])


def _scaled(rgba: np.ndarray, scale: float) -> np.ndarray:
    """(h, w, 4) float32: colours already times alpha, alpha 0..1."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    premultiplied = np.dstack([rgba[..., :3] * alpha, alpha])
    size = max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale))
    large = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    alpha = np.clip(large[..., 3:], 0, 1)
    return np.dstack([np.clip(large[..., :3], 0, 255 * alpha), alpha])


def _placed(thing: np.ndarray, size: tuple[int, int], random: np.random.Generator, *, beyond: bool) -> tuple[np.ndarray, np.ndarray]:
    """The thing over the whole picture, colours (H, W, 3) times alpha and alpha (H, W); `beyond`: partly outside of it."""
    height, width = thing.shape[:2]
    top, left = (int(random.integers(0, max(whole - own, 0) + 1)) for whole, own in ((size[0], height), (size[1], width)))
    if beyond:
        cut, side = random.uniform(0.08, 0.25), int(random.integers(4))
        top, left = {0: (top, -round(cut * width)), 1: (top, size[1] - width + round(cut * width)), 2: (-round(cut * height), left)}.get(
            side, (size[0] - height + round(cut * height), left)
        )
    whole = np.zeros((*size, 4), np.float32)
    rows, columns = slice(max(top, 0), min(top + height, size[0])), slice(max(left, 0), min(left + width, size[1]))
    whole[rows, columns] = thing[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return whole[..., :3], whole[..., 3]


def _shadow(alpha: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(H, W) float32: how much light a soft shadow of the thing takes away."""
    reach = 0.05 * max(alpha.shape)
    shift = np.float32([[1, 0, random.uniform(-1, 1) * reach], [0, 1, random.uniform(0.2, 1) * reach]])
    moved = cv2.warpAffine(alpha, shift, alpha.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return random.uniform(0.25, 0.5) * cv2.GaussianBlur(moved, (0, 0), random.uniform(0.2, 0.8) * reach)
