"""What is done with the cut-out network: how often it looks, from how near, and what happens where it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from seeing import GROUND, RED, Seeing, Simple, cover, discs, over_photo, overlap

from img23d_backend.engines import Engines
from img23d_backend.engines.isnet.matte import LIGHT_NOTE, NOTE, IsNetMatter
from img23d_backend.engines.isnet.salience import IsNetSalience
from img23d_backend.engines.preview.background.agreement import both
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.engines.preview.matting.matte import GrabCutMatter
from img23d_backend.stages import Context, CutOut, Found, JobCancelled, Photo, PixelBox
from img23d_protocol import ErrorCode
from img23d_protocol.messages import Box, Settings, Stage, Wanted

LIGHT, FINE = (Context(settings=Settings.of(cutter=cutter)) for cutter in ("light", "isnet-fine"))
SMALL = (200, 150, 40)


def salience(network: Seeing, free: int = 0) -> IsNetSalience:
    return IsNetSalience(network, available=lambda: free)


def found(*box: int, mask: np.ndarray | None = None) -> Found:
    left, top, right, bottom = box
    return Found(name="disc", box=PixelBox(left=left, top=top, right=right, bottom=bottom), mask=mask)


AROUND_SMALL = (154, 104, 246, 196)


def cut(photo: Photo, network: Seeing, *box: int, context: Context | None = None, mask: np.ndarray | None = None) -> CutOut:
    matter = IsNetMatter(salience(network), fallback=Simple())
    return matter.cut_out(photo, found(*box, mask=mask), context or Context())


# --- how often, and from how near -----------------------------------------------------------------------------------


def test_a_thing_is_looked_at_in_the_whole_photo_and_from_nearby() -> None:
    photo, network = discs(SMALL), Seeing()
    cutout = cut(photo, network, *AROUND_SMALL)
    assert network.passes == [((600, 800), 768), ((138, 138), 320)]  # one and a half of the box, in the smallest size
    assert overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.98 and cutout.note == NOTE


def test_the_things_of_a_photo_share_one_look_at_all_of_it() -> None:
    circles = [(200, 300, 145), (575, 300, 150)]
    photo, network = discs(*circles), Seeing()
    eyes = salience(network)
    answers = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="left"), Wanted(name="right")), Context())
    matter = IsNetMatter(eyes, fallback=Simple())
    for answer, circle in zip(answers, circles, strict=True):
        cutout = matter.cut_out(photo, answer, Context())
        assert overlap(over_photo(cutout, photo) >= 128, cover(circle)) > 0.99
    assert [side for _, side in network.passes] == [768, 768, 768] and network.passes[0][0] == (600, 800)


def test_a_nearer_look_that_loses_the_thing_does_not_count() -> None:
    photo, network = discs(SMALL), Seeing()
    network.change = lambda seen: seen if max(seen.shape) > 500 else seen * (np.arange(seen.shape[1]) < 40)
    cutout = cut(photo, network, *AROUND_SMALL, mask=cover(SMALL))
    assert len(network.passes) == 2 and overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.95


@pytest.mark.parametrize("blind", [0, 1])
def test_what_one_look_passes_over_the_other_one_brings(blind: int) -> None:
    """The upper third of the disc, which the first or the second look does not see."""
    circle = (400, 300, 150)
    photo, network = discs(circle), Seeing()

    def change(seen: np.ndarray) -> np.ndarray:
        upper = np.arange(seen.shape[0])[:, None] < 0.42 * seen.shape[0]
        return seen * ~upper if len(network.passes) == blind + 1 else seen

    network.change = change
    cutout = cut(photo, network, 245, 145, 555, 455, mask=cover(circle))
    assert len(network.passes) == 2 and overlap(over_photo(cutout, photo) >= 128, cover(circle)) > 0.98


def test_a_thing_that_fills_the_photo_is_looked_at_in_two_sizes() -> None:
    photo, network = discs((400, 300, 290)), Seeing()
    cut(photo, network, 110, 10, 690, 590, mask=cover((400, 300, 290)))
    assert [side for _, side in network.passes] == [768, 448]


def test_the_finest_adds_a_look_at_the_size_it_was_trained_at() -> None:
    photo, network = discs((500, 600, 280), size=(1600, 1200)), Seeing()
    cut(photo, network, 210, 310, 790, 890, context=FINE)
    assert [side for _, side in network.passes] == [768, 768, 1024]
    network.passes.clear()
    cut(discs((800, 600, 580), size=(1600, 1200)), network, 220, 20, 1380, 1180, context=FINE)
    assert [side for _, side in network.passes] == [768, 448, 1024]


def test_the_light_weight_way_never_looks() -> None:
    photo, network, simple = discs(SMALL), Seeing(), Simple()
    eyes = salience(network)
    RegionGrounder(salience=eyes).locate(photo, (Wanted(name="disc"),), LIGHT)
    cutout = IsNetMatter(eyes, fallback=simple).cut_out(photo, found(*AROUND_SMALL), LIGHT)
    assert not network.passes and simple.calls == 1 and cutout.note == f"simple {LIGHT_NOTE}"


def test_a_scaled_copy_of_the_photo_is_not_looked_at_anew() -> None:
    circle = (400, 300, 250)
    photo, network = discs(circle), Seeing()
    eyes = salience(network)
    eyes.of_photo(photo, Context())
    half = replace(photo, rgb=cv2.resize(photo.rgb, (400, 300), interpolation=cv2.INTER_AREA))
    mask = cover((200, 150, 125), size=(400, 300))
    cutout = IsNetMatter(eyes, fallback=Simple()).cut_out(half, found(75, 25, 325, 275, mask=mask), Context())
    assert len(network.passes) == 2 and overlap(over_photo(cutout, half) >= 128, mask) > 0.99
    eyes.of_photo(discs(circle), Context())
    assert len(network.passes) == 3  # the same picture, but another photo


def test_a_very_long_photo_is_looked_at_in_parts() -> None:
    circles = [(1000 * number + 300, 150, 120) for number in range(12)]
    photo, network = discs(*circles, size=(12_000, 300)), Seeing()
    answers = RegionGrounder(salience=salience(network)).locate(photo, tuple(Wanted(name=f"d{n}") for n in range(12)), Context())
    assert len(network.passes) == 4 and {side for _, side in network.passes} == {384}
    centres = [(answer.box.left + answer.box.right) / 2 for answer in answers]
    assert np.allclose(centres, [x for x, _, _ in circles], atol=30)


# --- what comes out -------------------------------------------------------------------------------------------------


def test_other_things_do_not_come_along() -> None:
    photo = discs(SMALL)
    photo.rgb[140:160, 250:262] = RED
    cutout = cut(photo, Seeing(), *AROUND_SMALL)
    assert overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.98


def test_a_coarse_matte_becomes_as_sharp_as_the_photo() -> None:
    """The network's answer is too blurred and too large by some pixels; the colours say where the edge is."""
    circle = (400, 300, 210)
    photo, network = discs(circle), Seeing()
    network.change = lambda seen: cv2.blur(cv2.dilate(seen.astype(np.float32), np.ones((3, 3))), (7, 7))
    cutout = cut(photo, network, 180, 80, 620, 520, mask=cover(circle))
    alpha = over_photo(cutout, photo) / 255
    assert np.abs(alpha - cover(circle)).sum() < 0.6 * 2 * np.pi * 210  # pixels of error for each of the outline


def test_a_pattern_behind_a_small_thing_does_not_fray_its_edge() -> None:
    """Shown from twice as near, the network knows the edge; patches of the thing's own colours lie right behind it."""
    photo = discs(SMALL)
    rows, columns = np.mgrid[: photo.height, : photo.width] // 3
    patched = np.where(((rows + columns) % 2 == 0)[..., None] & ~cover(SMALL)[..., None], (230, 20, 30), photo.rgb).astype(np.uint8)
    x, y, radius = SMALL
    truth = cover(SMALL).astype(np.float32)

    class Knowing(Seeing):
        """Sees the disc where the photo has it, and a crop as that part of the photo."""

        def matte(self, rgb: np.ndarray, side: int) -> np.ndarray:
            self.passes.append((rgb.shape[:2], side))
            left, top = (0, 0) if rgb.shape[:2] == truth.shape else (x - rgb.shape[1] // 2, y - rgb.shape[0] // 2)
            return cv2.GaussianBlur(truth[top : top + rgb.shape[0], left : left + rgb.shape[1]], (0, 0), 0.5)

    cutout = cut(replace(photo, rgb=patched), Knowing(), *AROUND_SMALL)
    alpha = over_photo(cutout, photo) / 255
    assert np.abs(alpha - truth).sum() < 0.3 * 2 * np.pi * radius


def ramp(outer: float, inner: float, size: tuple[int, int] = (800, 600)) -> np.ndarray:
    """(h, w) float32: 0 beyond the outer radius about the middle, 1 within the inner one."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    return np.clip((outer - np.hypot(x - size[0] / 2, y - size[1] / 2)) / (outer - inner), 0, 1).astype(np.float32)


def test_hair_stays_soft() -> None:
    """The network is unsure over 40 pixels along the outline, ten times as far as its own coarseness goes."""
    photo = discs((400, 300, 200), busy=True)
    network = Seeing(change=lambda seen: ramp(240, 200)[: seen.shape[0], : seen.shape[1]])
    cutout = cut(photo, network, 150, 50, 650, 550, mask=ramp(240, 200) > 0.5)
    along = over_photo(cutout, photo)[300, 600:650]
    assert np.count_nonzero((along > 25) & (along < 230)) >= 8 and along[0] > 250


@pytest.mark.parametrize(("red", "is_gap"), [(102, False), (8, True)])
def test_inside_a_thing_there_is_no_half(red: int, is_gap: bool) -> None:
    """The stand-in is as sure as a place is red: 0.4 and 0.03."""
    photo = discs((400, 300, 250), busy=True)
    photo.rgb[cover((400, 300, 100))] = (red, 0, 0)
    alpha = over_photo(cut(photo, Seeing(), 140, 40, 660, 560, mask=cover((400, 300, 250))), photo)
    assert alpha[300, 400] == (0 if is_gap else 255)
    assert np.count_nonzero((alpha > 25) & (alpha < 230)) < 3 * 2 * np.pi * 350


def test_two_that_touch_are_parted_where_the_picture_has_its_edge() -> None:
    left, right = (300, 300, 125), (540, 300, 120)
    photo = discs(left, right, busy=True)
    photo.rgb[cover(right) & ~cover(left)] = (255, 60, 60)
    answers = RegionGrounder(salience=salience(network := Seeing())).locate(photo, (Wanted(name="a"), Wanted(name="b")), Context())
    for answer, truth in zip(answers, (cover(left), cover(right) & ~cover(left)), strict=True):
        cutout = IsNetMatter(salience(network), fallback=Simple()).cut_out(photo, answer, Context())
        assert overlap(over_photo(cutout, photo) >= 128, truth) > 0.97


def test_the_photos_own_alpha_is_kept() -> None:
    network, simple = Seeing(), Simple()
    photo = replace(discs(SMALL), alpha=np.full((600, 800), 255, np.uint8))
    eyes = salience(network)
    RegionGrounder(salience=eyes).locate(photo, (Wanted(name="disc"),), Context())
    IsNetMatter(eyes, fallback=simple).cut_out(photo, found(*AROUND_SMALL), Context())
    assert simple.calls == 1 and not network.passes


def test_a_plain_background_brings_back_what_the_network_passes_over() -> None:
    """A blue arm of the red body, which the network does not see; and no shadow."""
    photo = discs((350, 300, 125))
    arm, shadow = np.s_[280:320, 470:600], np.s_[425:450, 250:450]
    photo.rgb[arm] = (40, 60, 200)
    photo.rgb[shadow] = np.array(GROUND) * 0.7
    photo.rgb[cover((350, 300, 125))] = RED
    noise = np.random.default_rng(0).normal(0, 1.5, photo.rgb.shape)
    photo = replace(photo, rgb=np.clip(photo.rgb + noise, 0, 255).astype(np.uint8))
    eyes = salience(Seeing())
    plain = GrabCutMatter()
    (answer,) = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="body"),), Context())
    alpha = over_photo(IsNetMatter(eyes, fallback=plain).cut_out(photo, answer, Context()), photo)
    truth = cover((350, 300, 125))
    truth[arm] = True
    assert overlap(alpha >= 128, truth) > 0.97
    assert alpha[438, 260:325].max() < 128


def test_what_has_the_backgrounds_own_colour_is_kept_on_a_plain_one() -> None:
    photo = discs((400, 300, 150))
    white = cover((400, 300, 75))
    photo.rgb[white] = GROUND
    network = Seeing(change=lambda seen: cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((201, 201))) if max(seen.shape) > 500 else seen)
    eyes = salience(network)
    (answer,) = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="ring"),), Context())
    cutout = IsNetMatter(eyes, fallback=GrabCutMatter()).cut_out(photo, answer, Context())
    assert over_photo(cutout, photo)[300, 400] > 200


@pytest.mark.parametrize(("sure", "is_open", "kept"), [(0.75, True, True), (0.75, False, False), (0.97, False, True)])
def test_a_limb_of_the_backgrounds_own_colour_stays_on(sure: float, is_open: bool, kept: bool) -> None:
    """A part that only the matte has: a handle that sticks out, of which it is rather sure, or what lies within a hoop."""
    disc, part = cover((300, 300, 150)), cover((440, 300, 60) if is_open else (300, 300, 60))
    plain = (disc & ~part).astype(np.float32)
    own = np.where(part, sure, disc).astype(np.float32)
    alpha = both(plain, own, np.zeros(disc.shape, bool))
    assert alpha is not None and (alpha[300, 480 if is_open else 300] > 0.9) == kept


def test_of_two_looks_that_differ_the_one_that_fills_the_box_counts() -> None:
    photo, network = discs((400, 300, 290)), Seeing()
    network.change = lambda seen: seen if len(network.passes) == 2 else seen * (np.arange(seen.shape[1]) < 300)
    cutout = cut(photo, network, 110, 10, 690, 590)
    assert overlap(over_photo(cutout, photo) >= 128, cover((400, 300, 290))) > 0.97


# --- where it cannot ------------------------------------------------------------------------------------------------


def test_a_damaged_network_is_told_once_and_not_read_again() -> None:
    told: list[str] = []
    network = Seeing(fails=lambda side: ErrorCode.WEIGHTS_DAMAGED)
    eyes, simple = salience(network), Simple()
    context = Context(notify=told.append)
    photo = discs(SMALL)
    (answer,) = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="disc"),), context)
    cutout = IsNetMatter(eyes, fallback=simple).cut_out(photo, answer, context)
    assert isinstance(answer, Found) and len(network.passes) == 1
    assert set(told) == {"The network failed. The light-weight way cuts the things out."}  # a job tells each sentence once
    assert cutout.note == f"simple {LIGHT_NOTE}"
    eyes.unload()
    network.fails = lambda side: None
    assert eyes.of_photo(photo, context) is not None  # mended meanwhile


def test_an_img23d_without_the_network_says_nothing() -> None:
    told: list[str] = []
    network = Seeing(fails=lambda side: ErrorCode.WEIGHTS_MISSING)
    cutout = cut(discs(SMALL), network, *AROUND_SMALL, context=Context(notify=told.append))
    assert not told and LIGHT_NOTE in cutout.note


def test_where_memory_is_short_smaller_looks_suffice() -> None:
    told: list[str] = []
    network = Seeing(fails=lambda side: ErrorCode.OUT_OF_MEMORY if side > 330 else None)
    eyes = salience(network)
    assert eyes.of_photo(discs(SMALL), Context(notify=told.append)) is not None
    assert [side for _, side in network.passes] == [768, 640, 448, 320]
    assert set(told) == {"There is not enough memory for the best cut-outs: they are made more coarsely."}


def test_where_memory_is_very_short_the_light_weight_way_takes_over() -> None:
    told: list[str] = []
    network = Seeing()
    eyes = salience(network, free=200_000_000)
    simple = Simple()
    cutout = IsNetMatter(eyes, fallback=simple).cut_out(discs(SMALL), found(*AROUND_SMALL), Context(notify=told.append))
    assert not network.passes and simple.calls == 1 and LIGHT_NOTE in cutout.note
    assert "close other programs" in told[-1] and "light-weight" in told[-1]


def test_where_nothing_stands_out_the_box_is_cut_in_the_light_weight_way() -> None:
    simple = Simple()
    cutout = IsNetMatter(salience(Seeing()), fallback=simple).cut_out(discs(SMALL), found(450, 350, 550, 450), Context())
    assert simple.calls == 1 and LIGHT_NOTE in cutout.note


def test_a_cancel_is_seen_between_the_looks() -> None:
    network = Seeing()

    def report(share: float, note: str) -> None:
        if network.passes:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        cut(discs(SMALL), network, *AROUND_SMALL, mask=cover(SMALL), context=Context(report=report))
    assert len(network.passes) == 1


@pytest.mark.parametrize(("side", "unloaded"), [(1024, 0), (2048, 0), (4096, 1)])
def test_large_textures_are_painted_without_the_network_in_memory(tmp_path: Path, side: int, unloaded: int) -> None:
    engines, network, photo = Engines(tmp_path), Seeing(), discs(SMALL)
    engines._salience = eyes = salience(network)
    eyes.of_photo(photo, Context())
    for stage in (Stage.LOCATE, Stage.MATTE, Stage.SHAPE, Stage.PAINT):
        assert network.unloaded == 0
        engines.load("preview").prefetch(stage, Settings.of(texture_size=side))
    eyes.of_photo(photo, Context())
    assert network.unloaded == unloaded and len(network.passes) == 1  # its answer stays


def test_what_is_kept_is_given_back() -> None:
    network = Seeing()
    eyes = salience(network)
    eyes.of_photo(discs(SMALL), Context())
    assert eyes.unload() == 1000 + 600 * 800 * 4 and network.unloaded == 1
    eyes.of_photo(discs(SMALL), Context())
    assert len(network.passes) == 2


def test_boxes_still_win() -> None:
    """A box on a part of one thing means that part."""
    photo = discs((400, 300, 200))
    wanted = Wanted(name="half", box=Box(left=0.25, top=0.1, right=0.5, bottom=0.9))
    (answer,) = RegionGrounder(salience=salience(Seeing())).locate(photo, (wanted,), Context())
    alpha = over_photo(IsNetMatter(salience(Seeing()), fallback=Simple()).cut_out(photo, answer, Context()), photo)
    assert alpha[300, 300] == 255 and alpha[300, 450:].max() < 128
