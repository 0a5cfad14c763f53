"""Finding things by what a network says stands out: a stand-in that sees red, and the trained one on the demo photo."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from seeing import Seeing, cover, discs, over_photo, overlap

from img23d_backend.engines import Engines
from img23d_backend.engines.isnet.network_file import FOLDER
from img23d_backend.engines.isnet.salience import IsNetSalience
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.stages import Context, Found, NotFound, Photo
from img23d_protocol import Img23DError
from img23d_protocol.messages import Box, Nameless, Settings, Wanted

SIZE = (640, 480)
EACH = Context(settings=Settings.of(nameless=Nameless.EACH))
THREE = ((120, 120, 50), (420, 130, 60), (300, 340, 80))


def look(photo: Photo, *names: str | Wanted, network: Seeing | None = None, context: Context | None = None) -> list[Found | NotFound]:
    wanted = tuple(name if isinstance(name, Wanted) else Wanted(name=name) for name in names)
    grounder = RegionGrounder(salience=IsNetSalience(network or Seeing(), available=lambda: 0))
    return list(grounder.locate(photo, wanted, context or Context()))


def is_at(answer: Found | NotFound, circle: tuple[int, int, int]) -> bool:
    if isinstance(answer, NotFound):
        return False
    x, y = (answer.box.left + answer.box.right) / 2, (answer.box.top + answer.box.bottom) / 2
    return bool(np.hypot(x - circle[0], y - circle[1]) < 0.2 * circle[2] and answer.box.width < 2.2 * circle[2] + 6)


# --- without names --------------------------------------------------------------------------------------------------


def test_all_as_one_is_what_stands_out_and_not_the_ground() -> None:
    photo = discs(*THREE, size=SIZE, busy=True)
    (whole,) = look(photo)
    assert whole.name == "discs" and whole.note == "everything that stands out in the photo"
    assert overlap(whole.mask, cover(*THREE, size=SIZE)) > 0.95


def test_each_by_itself_in_reading_order() -> None:
    answers = look(discs(*THREE, size=SIZE, busy=True), context=EACH)
    assert [answer.name for answer in answers] == ["discs 1", "discs 2", "discs 3"]
    assert all(is_at(answer, circle) for answer, circle in zip(answers, THREE, strict=True))


def test_a_single_thing_by_itself_is_the_whole() -> None:
    (whole,) = look(discs(THREE[2], size=SIZE, busy=True), context=EACH)
    assert whole.name == "discs" and is_at(whole, THREE[2])


def test_a_hundred_things() -> None:
    circles = [(60 * column + 40, 44 * row + 30, 14) for row in range(10) for column in range(10)]
    answers = look(discs(*circles, size=SIZE, busy=True), context=EACH)
    assert len(answers) == 100 and all(is_at(answer, circle) for answer, circle in zip(answers, circles, strict=True))


# --- by names -------------------------------------------------------------------------------------------------------


def test_a_single_name_takes_what_is_most_prominent() -> None:
    (answer,) = look(discs((60, 60, 40), (330, 250, 90), (600, 60, 30), size=SIZE, busy=True), "rocket")
    assert is_at(answer, (330, 250, 90))
    assert answer.note == "The most prominent thing: this engine does not know the word."


def test_a_small_piece_beside_large_things_is_not_taken_first() -> None:
    circles = ((300, 40, 12), (150, 260, 100), (480, 260, 100))
    answers = look(discs(*circles, size=SIZE, busy=True), "cup", "saucer")
    assert is_at(answers[0], circles[1]) and is_at(answers[1], circles[2])


def test_pieces_that_faintly_hang_together_are_one_thing() -> None:
    """A leg, which the network hardly sees, between a seat and its foot."""
    photo = discs((300, 150, 100), (300, 400, 20), size=SIZE, busy=True)
    photo.rgb[240:390, 294:306] = (60, 0, 0)
    (one,) = look(photo, context=EACH)
    assert one.box.bottom >= 418


def test_a_thing_that_the_first_look_passes_over_is_found_by_another() -> None:
    """The stand-in sees the largest thing only, as a trained one often does."""
    network = Seeing(change=_largest_only)
    small, large = (120, 130, 40), (420, 250, 110)
    answers = look(discs(small, large, size=SIZE, busy=True), "small one", "big one", network=network)
    assert is_at(answers[0], small) and is_at(answers[1], large) and len(network.passes) == 2


def test_a_thing_of_a_named_colour_is_looked_for_again() -> None:
    """Green, which the stand-in sees only where nothing red is left."""

    def change(seen: np.ndarray) -> np.ndarray:
        return seen

    photo = discs((420, 250, 110), size=SIZE)
    noise = np.random.default_rng(0).normal(0, 1.5, photo.rgb.shape)
    photo.rgb[cover((120, 130, 40), size=SIZE)] = (20, 160, 40)
    photo = replace(photo, rgb=np.clip(photo.rgb + noise, 0, 255).astype(np.uint8))
    (answer,) = look(photo, "green ball", network=Seeing(change=change))
    assert is_at(answer, (120, 130, 40))


def test_a_box_takes_its_thing_and_names_the_others() -> None:
    photo = discs(*THREE, size=SIZE, busy=True)
    box = Box(left=0.08, top=0.12, right=0.29, bottom=0.38)
    boxed, other, third = look(photo, Wanted(name="x", box=box), "a", "b")
    assert is_at(other, THREE[1]) and is_at(third, THREE[2])
    assert boxed.mask is None and (boxed.box.left, boxed.box.bottom) == (51, 183)


def test_a_name_too_many_says_so() -> None:
    answers = look(discs(*THREE, size=SIZE, busy=True), *"abcd")
    assert [type(answer) for answer in answers] == [Found, Found, Found, NotFound]


# --- bad pictures ---------------------------------------------------------------------------------------------------


def test_nothing_that_stands_out_is_looked_for_in_the_light_weight_way() -> None:
    network = Seeing(change=np.zeros_like)
    photo = discs(size=SIZE)
    photo.rgb[cover((300, 200, 80), size=SIZE)] = (240, 240, 30)
    photo = replace(photo, rgb=np.clip(photo.rgb + np.random.default_rng(0).normal(0, 1.5, photo.rgb.shape), 0, 255).astype(np.uint8))
    (answer,) = look(photo, "ball", network=network)
    assert is_at(answer, (300, 200, 80))


@pytest.mark.parametrize("level", [0.0, 1.0, 0.45])
def test_noise_and_a_photo_that_is_all_foreground(level: float) -> None:
    noise = Photo(rgb=np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8), name="noise")
    network = Seeing(change=lambda seen: np.full_like(seen, level))
    (whole,) = look(noise, network=network)
    assert (whole.box.width, whole.box.height) == (320, 240)
    assert len(look(noise, "a", "b", network=network)) == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [(2, 2), (3, 5), (1, 40), (2, 64), (64, 2), (1, 1)])
def test_tiny_photos(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    for change in (np.zeros_like, np.ones_like, lambda seen: seen):
        assert len(look(Photo(rgb=rgb, name="tiny"), "a", "b", network=Seeing(change=change))) == 2
        assert len(look(Photo(rgb=rgb, name="tiny"), network=Seeing(change=change), context=EACH)) >= 1


def _largest_only(seen: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((seen >= 0.5).astype(np.uint8))
    if count < 2:
        return np.zeros_like(seen)
    return seen * (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


# --- the trained network --------------------------------------------------------------------------------------------

DEMO = Path(__file__).resolve().parents[4] / "demo" / "plain"
needs_network = pytest.mark.skipif(not (FOLDER / "isnet.safetensors").is_file(), reason="the network was not fetched (build_addon.py build)")


@pytest.fixture(scope="module")
def demo() -> tuple[Photo, dict[str, np.ndarray]]:
    """The photo, and what each pixel of it shows, as it was rendered."""
    rgb = cv2.cvtColor(cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    numbers = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    names = list(json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"])
    return Photo(rgb=rgb, name="demo"), {name: numbers == number for number, name in enumerate(names, start=1)}


@needs_network
def test_the_demo_photo_by_names_and_cut_out(demo: tuple[Photo, dict[str, np.ndarray]], tmp_path: Path) -> None:
    photo, truths = demo
    engines = Engines(tmp_path)
    engine = engines.load("preview")
    answers = engine.grounder.locate(photo, tuple(Wanted(name=name) for name in truths), Context())
    for number, (answer, (name, truth)) in enumerate(zip(answers, truths.items(), strict=True)):
        assert isinstance(answer, Found) and overlap(answer.mask, truth) > 0.9, name
        if number % 3:  # a third of them: each one's look from nearby takes a second
            continue
        cutout = engine.matter.cut_out(photo, answer, Context())
        assert overlap(over_photo(cutout, photo) >= 128, truth) > 0.95, name
        assert cutout.note == "Cut out by IS-Net."
    assert engines.unload() > 200e6  # the network's weights


@needs_network
def test_a_thing_on_a_busy_ground_without_any_words(demo: tuple[Photo, dict[str, np.ndarray]], tmp_path: Path) -> None:
    """The duck before coloured stripes, where no plain background helps."""
    photo, truths = demo
    top, left = (int(places.min()) - 40 for places in np.nonzero(truths["yellow duck"]))
    part = np.s_[max(0, top) : top + 380, max(0, left) : left + 420]
    duck, rgb = truths["yellow duck"][part], photo.rgb[part]
    stripes = 60 + 120 * ((np.add.outer(np.arange(duck.shape[0]), 2 * np.arange(duck.shape[1])) // 23) % 2)
    ground = np.stack([stripes // 2, stripes, 230 - stripes], axis=2).astype(np.uint8)
    striped = Photo(rgb=np.where(duck[..., None], rgb, ground), name="stripes")
    engine = Engines(tmp_path).load("preview")
    (answer,) = engine.grounder.locate(striped, (), Context())
    cutout = engine.matter.cut_out(striped, answer, Context())
    assert overlap(over_photo(cutout, striped) >= 128, duck) > 0.9


@needs_network
def test_a_damaged_file_is_told_and_the_photo_still_made(demo: tuple[Photo, dict[str, np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from img23d_backend.engines.isnet import network_file

    for name in ("networks.lock.toml", "isnet.safetensors"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    with (tmp_path / "isnet.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    monkeypatch.setattr(network_file.installed, "__defaults__", (tmp_path,))
    photo, truths = demo
    told: list[str] = []
    engine = Engines(tmp_path).load("preview")
    context = Context(notify=told.append)
    answer = engine.grounder.locate(photo, (Wanted(name="yellow duck"),), context)[0]
    cutout = engine.matter.cut_out(photo, answer, context)
    assert overlap(over_photo(cutout, photo) >= 128, truths["yellow duck"]) > 0.9
    assert cutout.note == "Cut out in the light-weight way." and "install Img23D again from its zip" in told[0]
    with pytest.raises(Img23DError):
        network_file.installed("isnet").read()
