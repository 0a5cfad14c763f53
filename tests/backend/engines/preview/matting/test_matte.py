"""Cut-outs against painted truth: outline, soft edge, colours at the edge, holes, shadows, neighbours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from painted_scene import Painted, Thing, paint

from img23d_backend.cutouts.foreground import estimate_foreground
from img23d_backend.engines.preview.background.scene import SceneMemory
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.engines.preview.matting.matte import GrabCutMatter
from img23d_backend.stages import Context, CutOut, Found, JobCancelled, Photo, PixelBox
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Wanted

NAMES = ("red ring", "blue star", "yellow box", "green ball")
THINGS = [
    Thing(kind="ring", x=70, y=80, radius=45, colour=(200, 40, 40)),
    Thing(kind="star", x=190, y=90, radius=55, colour=(50, 90, 200)),
    Thing(kind="box", x=285, y=190, radius=45, colour=(230, 190, 50)),
    Thing(kind="disc", x=90, y=200, radius=40, colour=(60, 150, 70)),
]
SETTINGS = {
    "grey": {},
    "white": {"ground": (255, 255, 255), "gradient": 0.0, "noise": 0.5},
    "two-tone": {"wall": (150, 165, 185)},
    "grainy": {"noise": 5.0},
    "vignette": {"gradient": 0.5},
    "dark": {"ground": (60, 58, 55)},
    "coloured": {"ground": (150, 180, 140)},
    "strong shadow": {"shadow": 0.7},
}


def _cut(photo: Photo, *names: str, seed: int = 0) -> list[CutOut]:
    memory = SceneMemory()
    found = RegionGrounder(memory).locate(photo, tuple(Wanted(name=name) for name in names), Context())
    return [GrabCutMatter(memory).cut_out(photo, one, Context(seed=seed)) for one in found]


def _on_photo(cutout: CutOut, photo: Photo) -> np.ndarray:
    """The cut-out (H, W, 4) float32 at its place on an empty photo."""
    place = np.zeros((photo.height, photo.width, 4), np.float32)
    height, width = cutout.rgba.shape[:2]
    top, left = max(0, cutout.top), max(0, cutout.left)
    bottom, right = min(photo.height, cutout.top + height), min(photo.width, cutout.left + width)
    rows = slice(top - cutout.top, bottom - cutout.top)
    place[top:bottom, left:right] = cutout.rgba[rows, left - cutout.left : right - cutout.left]
    return place


def _overlap(cutout: CutOut, painted: Painted, index: int) -> float:
    cut = _on_photo(cutout, painted.photo)[..., 3] >= 127.5
    truth = painted.coverage[index] >= 0.5
    return float(np.count_nonzero(cut & truth) / np.count_nonzero(cut | truth))


@pytest.mark.parametrize("setting", SETTINGS)
def test_outline_edge_and_colours(setting: str) -> None:
    painted = paint(THINGS, **SETTINGS[setting])
    for index, cutout in enumerate(_cut(painted.photo, *NAMES)):
        assert _overlap(cutout, painted, index) > 0.96, NAMES[index]
        place, truth = _on_photo(cutout, painted.photo), painted.coverage[index]
        soft = (truth > 0.1) & (truth < 0.9)
        assert np.abs(place[..., 3] / 255 - truth)[soft].mean() < 0.14, NAMES[index]
        mixed = soft & (place[..., 3] > 12)
        own = np.abs(place[..., :3] - painted.colours[index])[mixed].mean()
        seen = np.abs(painted.photo.rgb - painted.colours[index])[mixed].mean()
        assert own < 8 and own < 0.4 * seen, NAMES[index]
        assert place[..., 3][truth == 0].sum() / 255 < 0.03 * truth.sum(), NAMES[index]  # no shadow, no neighbour


def test_whole_picture_keeps_everything_and_its_holes() -> None:
    painted = paint(THINGS)
    (whole,) = _cut(painted.photo)
    alpha = _on_photo(whole, painted.photo)[..., 3]
    assert all(alpha[int(thing.y), int(thing.x)] == 255 for thing in THINGS[1:])
    assert alpha[80, 70] == 0  # through the ring
    assert alpha[130, 130] == 0


def test_a_margin_all_around_also_at_the_photos_border() -> None:
    thing = Thing(kind="disc", x=100, y=20, radius=60, colour=(190, 40, 40))
    (cutout,) = _cut(paint([thing], size=(240, 180)).photo, "ball")
    solid = np.argwhere(cutout.rgba[..., 3] > 0)
    height, width = cutout.rgba.shape[:2]
    needed = 0.04 * max(height, width)
    assert solid.min() >= needed and height - solid[:, 0].max() > needed and width - solid[:, 1].max() > needed
    assert cutout.top < 0
    assert cutout.rgba[-cutout.top + 20, 100 - cutout.left, :3].tolist() == pytest.approx([190, 40, 40], abs=30)


def test_colours_go_on_under_the_transparent_pixels() -> None:
    painted = paint(THINGS)
    cutout = _cut(painted.photo, *NAMES)[1]
    alpha = cutout.rgba[..., 3]
    near = (cv2.dilate((alpha > 127).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & (alpha == 0)
    assert near.any()
    assert np.abs(cutout.rgba[near][:, :3].mean(0) - np.array([50, 90, 200])).max() < 45


def test_the_photos_own_alpha_is_kept() -> None:
    painted = paint(THINGS)
    alpha = np.rint(np.max(painted.coverage, axis=0) * 255).astype(np.uint8)
    photo = Photo(rgb=painted.photo.rgb, alpha=alpha, name="p")
    star = _on_photo(_cut(photo, "blue")[0], photo)[..., 3]
    assert np.abs(star - np.rint(painted.coverage[1] * 255)).max() <= 1
    whole = _on_photo(_cut(photo)[0], photo)[..., 3]
    assert np.array_equal(whole, alpha)


def test_a_box_keeps_the_neighbour_out() -> None:
    left = Thing(kind="disc", x=110, y=120, radius=50, colour=(200, 60, 50))
    right = Thing(kind="disc", x=204, y=120, radius=48, colour=(60, 90, 190))
    painted = paint([left, right], size=(320, 240))
    found = Found(name="ball", box=PixelBox(left=55, top=65, right=166, bottom=176))
    assert _overlap(GrabCutMatter().cut_out(painted.photo, found, Context()), painted, 0) > 0.96


def test_a_box_in_a_busy_photo() -> None:
    thing = Thing(kind="disc", x=150, y=110, radius=60, colour=(220, 60, 50))
    painted = paint([thing], size=(320, 240))
    pattern = np.random.default_rng(0).integers(0, 140, (240, 320, 3), np.uint8)
    cover = painted.coverage[0][..., None]
    photo = Photo(rgb=np.rint(pattern * (1 - cover) + painted.photo.rgb * cover).astype(np.uint8), name="busy")
    found = Found(name="ball", box=PixelBox(left=84, top=44, right=216, bottom=176))
    cut = GrabCutMatter().cut_out(photo, found, Context())
    assert _overlap(cut, Painted(photo=photo, coverage=painted.coverage, colours=painted.colours), 0) > 0.93


def test_an_empty_place_is_an_error_with_advice() -> None:
    photo = paint(THINGS).photo
    found = Found(name="cup", box=PixelBox(left=130, top=170, right=190, bottom=240))
    with pytest.raises(Img23DError) as caught:
        GrabCutMatter().cut_out(photo, found, Context())
    assert caught.value.code == ErrorCode.EMPTY_CUTOUT
    assert "“cup”" in caught.value.sentence and "box" in caught.value.sentence


def test_the_same_seed_gives_the_same_bytes() -> None:
    photo = paint(THINGS).photo
    first, second = (_cut(photo, "blue star", seed=7)[0] for _ in range(2))
    assert np.array_equal(first.rgba, second.rgba)


def test_cancel_is_seen_in_the_middle() -> None:
    def cancelled(fraction: float, note: str) -> None:
        if fraction > 0.3:
            raise JobCancelled

    photo = paint(THINGS).photo
    found = Found(name="x", box=PixelBox(left=0, top=0, right=photo.width, bottom=photo.height))
    with pytest.raises(JobCancelled):
        GrabCutMatter().cut_out(photo, found, Context(report=cancelled))


def test_foreground_colours_of_a_known_mix() -> None:
    """A red edge over green: the estimate must find the red again where the picture shows brown."""
    alpha = np.clip((np.arange(80) - 30) / 12, 0, 1)[None].repeat(40, 0).astype(np.float32)
    front, behind = np.array([200, 40, 30.0]), np.array([40, 160, 60.0])
    picture = alpha[..., None] * front + (1 - alpha[..., None]) * behind
    estimate = estimate_foreground(np.rint(picture).astype(np.uint8), alpha).astype(float)
    assert np.abs(estimate - front)[alpha > 0.05].max() < 16
    assert np.abs(estimate - front)[alpha == 0].max() < 25


@pytest.mark.parametrize(("gloss", "inwards"), [(0.0, 0.1), (0.9, 0.6)])
def test_the_outline_is_where_it_is_painted_also_where_the_rim_mirrors_the_ground(gloss: float, inwards: float) -> None:
    photo, cover = _ball(gloss)
    (cutout,) = _cut(photo)
    alpha = _on_photo(cutout, photo)[..., 3] / 255
    offset = float(alpha.sum() - cover.sum()) / (2 * np.pi * 170)  # pixels, positive outwards
    assert -inwards < offset < 0.1


def _ball(gloss: float) -> tuple[Photo, np.ndarray]:
    """A green ball of radius 170 pixels on grey, and its share of each pixel; the rim mirrors the ground after Schlick."""
    width, height, radius, fine = 600, 450, 170, 3
    y, x = (np.mgrid[: height * fine, : width * fine] + 0.5) / fine
    out = np.hypot(x - width / 2, y - height / 2) / radius
    mirrored = gloss * (1 - np.sqrt(np.clip(1 - out**2, 0, 1)))[..., None] ** 5
    ground, own = np.array([170.0, 178, 182]), np.array([50.0, 110, 70])
    picture = np.where((out < 1)[..., None], own * (1 - mirrored) + ground * mirrored, ground).astype(np.float32)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.5) + np.random.default_rng(0).normal(0, 1.2, picture.shape)
    cover = cv2.resize((out < 1).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return Photo(rgb=np.clip(np.rint(picture), 0, 255).astype(np.uint8), name="ball"), cover


def test_memory_keeps_one_photo_and_forgets_it() -> None:
    memory = SceneMemory()
    first, second = paint(THINGS[:1]).photo, paint(THINGS[1:]).photo
    scene = memory.scene(first)
    assert memory.scene(first) is scene
    assert memory.scene(second) is not scene
    assert memory.forget() > 0 and memory.forget() == 0
