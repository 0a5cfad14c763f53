"""What is done with the cut-out network: how often it looks, from how near, and what happens where it cannot."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from img23d_backend.engines.isnet.matte import LIGHT_NOTE, NOTE, IsNetMatter
from img23d_backend.engines.isnet.salience import IsNetSalience
from img23d_backend.engines.preview.locate import RegionGrounder
from img23d_backend.engines.preview.matte import GrabCutMatter
from img23d_backend.stages import Context, CutOut, Found, JobCancelled, Photo, PixelBox
from img23d_protocol import ErrorCode
from img23d_protocol.messages import Box, Settings, Wanted
from seeing import GROUND, RED, Seeing, Simple, cover, discs, over_photo, overlap

LIGHT, FINE = (Context(settings=Settings(cutter=cutter)) for cutter in ("light", "isnet-fine"))
SMALL = (400, 300, 60)


def salience(network: Seeing, free: int = 0) -> IsNetSalience:
    return IsNetSalience(network, available=lambda: free)


def found(*box: int, mask: np.ndarray | None = None) -> Found:
    left, top, right, bottom = box
    return Found(name="disc", box=PixelBox(left=left, top=top, right=right, bottom=bottom), mask=mask)


AROUND_SMALL = (330, 230, 470, 370)


def cut(photo: Photo, network: Seeing, *box: int, context: Context | None = None, mask: np.ndarray | None = None) -> CutOut:
    matter = IsNetMatter(salience(network), fallback=Simple())
    return matter.cut_out(photo, found(*box, mask=mask), context or Context())


# --- how often, and from how near -----------------------------------------------------------------------------------


def test_a_drawn_box_is_looked_at_once_and_from_nearby() -> None:
    photo, network = discs(SMALL), Seeing()
    cutout = cut(photo, network, *AROUND_SMALL)
    assert network.passes == [((210, 210), 320)]  # one and a half of the box, in the smallest size
    assert overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.98 and cutout.note == NOTE


def test_the_things_of_a_photo_share_one_look_at_all_of_it() -> None:
    circles = [(400, 600, 290), (1150, 600, 300)]
    photo, network = discs(*circles), Seeing()
    eyes = salience(network)
    answers = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="left"), Wanted(name="right")), Context())
    matter = IsNetMatter(eyes, fallback=Simple())
    for answer, circle in zip(answers, circles, strict=True):
        cutout = matter.cut_out(photo, answer, Context())
        assert overlap(over_photo(cutout, photo) >= 128, cover(circle)) > 0.99
    assert network.passes == [((768, 1024), 768)]


def test_a_small_thing_is_looked_at_again_from_nearby() -> None:
    photo, network = discs(SMALL, (1200, 600, 300)), Seeing()
    cutout = cut(photo, network, *AROUND_SMALL, mask=cover(SMALL))
    assert network.passes == [((768, 1024), 768), ((210, 210), 320)]
    assert overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.98


def test_a_nearer_look_that_loses_the_thing_does_not_count() -> None:
    photo, network = discs(SMALL), Seeing()
    network.change = lambda seen: seen if max(seen.shape) > 1000 else seen * (np.arange(seen.shape[1]) < 40)
    cutout = cut(photo, network, *AROUND_SMALL, mask=cover(SMALL))
    assert len(network.passes) == 2 and overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.95


def test_a_thing_that_is_half_seen_is_looked_at_again() -> None:
    circle = (800, 600, 400)
    photo, network = discs(circle), Seeing()
    network.change = lambda seen: seen * np.linspace(0.2, 1, seen.shape[1]) if seen.shape == (768, 1024) else seen
    cutout = cut(photo, network, 400, 200, 1200, 1000, mask=cover(circle))
    assert len(network.passes) == 2 and overlap(over_photo(cutout, photo) >= 128, cover(circle)) > 0.99


def test_the_finest_looks_twice_at_the_size_it_was_trained_at() -> None:
    photo, network = discs((500, 600, 380)), Seeing()
    cut(photo, network, 110, 210, 890, 990, mask=cover((500, 600, 380)), context=FINE)
    assert [side for _, side in network.passes] == [1024, 1024]


def test_the_light_weight_way_never_looks() -> None:
    photo, network, simple = discs(SMALL), Seeing(), Simple()
    eyes = salience(network)
    RegionGrounder(salience=eyes).locate(photo, (Wanted(name="disc"),), LIGHT)
    cutout = IsNetMatter(eyes, fallback=simple).cut_out(photo, found(*AROUND_SMALL), LIGHT)
    assert not network.passes and simple.calls == 1 and cutout.note == f"simple {LIGHT_NOTE}"


def test_a_scaled_copy_of_the_photo_is_not_looked_at_anew() -> None:
    circle = (800, 600, 500)
    photo, network = discs(circle), Seeing()
    eyes = salience(network)
    eyes.of_photo(photo, Context())
    half = replace(photo, rgb=cv2.resize(photo.rgb, (800, 600), interpolation=cv2.INTER_AREA))
    mask = cover((400, 300, 250), size=(800, 600))
    cutout = IsNetMatter(eyes, fallback=Simple()).cut_out(half, found(150, 50, 650, 550, mask=mask), Context())
    assert len(network.passes) == 1 and overlap(over_photo(cutout, half) >= 128, mask) > 0.99
    eyes.of_photo(discs(circle), Context())
    assert len(network.passes) == 2  # the same picture, but another photo


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
    photo.rgb[280:320, 480:500] = RED
    cutout = cut(photo, Seeing(), *AROUND_SMALL)
    assert overlap(over_photo(cutout, photo) >= 128, cover(SMALL)) > 0.98


def test_a_coarse_matte_becomes_as_sharp_as_the_photo() -> None:
    """The network's answer is eight pixels too blurred and two too large; the colours say where the edge is."""
    circle = (800, 600, 420)
    photo, network = discs(circle), Seeing()
    network.change = lambda seen: cv2.blur(cv2.dilate(seen.astype(np.float32), np.ones((3, 3))), (7, 7))
    cutout = cut(photo, network, 360, 160, 1240, 1040, mask=cover(circle))
    alpha = over_photo(cutout, photo) / 255
    assert np.abs(alpha - cover(circle)).sum() < 0.6 * 2 * np.pi * 420  # pixels of error for each of the outline


def test_hair_stays_soft() -> None:
    circle = (800, 600, 300)
    photo, network = discs(circle, busy=True), Seeing()
    y, x = np.mgrid[:1200, :1600] + 0.5
    soft = np.clip((500 - np.hypot(x - 800, y - 600)) / 200, 0, 1).astype(np.float32)
    network.change = lambda seen: cv2.resize(soft, seen.shape[::-1], interpolation=cv2.INTER_AREA)
    eyes = salience(network)
    eyes.of_photo(photo, Context())
    network.change = lambda seen: soft[: seen.shape[0], : seen.shape[1]]
    cutout = IsNetMatter(eyes, fallback=Simple()).cut_out(photo, found(300, 100, 1300, 1100, mask=soft > 0.5), Context())
    alpha = over_photo(cutout, photo)[600, 1100:1300]
    assert np.count_nonzero((alpha > 30) & (alpha < 225)) > 40


def test_two_that_touch_are_parted_where_the_picture_has_its_edge() -> None:
    left, right = (600, 600, 250), (1080, 600, 240)
    photo = discs(left, right, busy=True)
    photo.rgb[cover(right) & ~cover(left)] = (255, 60, 60)
    answers = RegionGrounder(salience=salience(network := Seeing())).locate(photo, (Wanted(name="a"), Wanted(name="b")), Context())
    for answer, truth in zip(answers, (cover(left), cover(right) & ~cover(left)), strict=True):
        cutout = IsNetMatter(salience(network), fallback=Simple()).cut_out(photo, answer, Context())
        assert overlap(over_photo(cutout, photo) >= 128, truth) > 0.97


def test_the_photos_own_alpha_is_kept() -> None:
    network, simple = Seeing(), Simple()
    photo = replace(discs(SMALL), alpha=np.full((1200, 1600), 255, np.uint8))
    eyes = salience(network)
    RegionGrounder(salience=eyes).locate(photo, (Wanted(name="disc"),), Context())
    IsNetMatter(eyes, fallback=simple).cut_out(photo, found(*AROUND_SMALL), Context())
    assert simple.calls == 1 and not network.passes


def test_a_plain_background_brings_back_what_the_network_passes_over() -> None:
    """A blue arm of the red body, which the network does not see; and no shadow."""
    photo = discs((700, 600, 250))
    arm, shadow = np.s_[560:640, 940:1200], np.s_[850:900, 500:900]
    photo.rgb[arm] = (40, 60, 200)
    photo.rgb[shadow] = np.array(GROUND) * 0.7
    photo.rgb[cover((700, 600, 250))] = RED
    noise = np.random.default_rng(0).normal(0, 1.5, photo.rgb.shape)
    photo = replace(photo, rgb=np.clip(photo.rgb + noise, 0, 255).astype(np.uint8))
    eyes = salience(Seeing())
    plain = GrabCutMatter()
    (answer,) = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="body"),), Context())
    alpha = over_photo(IsNetMatter(eyes, fallback=plain).cut_out(photo, answer, Context()), photo)
    truth = cover((700, 600, 250))
    truth[arm] = True
    assert overlap(alpha >= 128, truth) > 0.97
    assert alpha[875, 520:650].max() < 128


def test_what_has_the_backgrounds_own_colour_is_kept_on_a_plain_one() -> None:
    photo = discs((800, 600, 300))
    white = cover((800, 600, 150))
    photo.rgb[white] = GROUND
    network = Seeing(change=lambda seen: (cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((401, 401))) if max(seen.shape) > 500 else seen))
    eyes = salience(network)
    (answer,) = RegionGrounder(salience=eyes).locate(photo, (Wanted(name="ring"),), Context())
    cutout = IsNetMatter(eyes, fallback=GrabCutMatter()).cut_out(photo, answer, Context())
    assert over_photo(cutout, photo)[600, 800] > 200


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
    network = Seeing(fails=lambda side: ErrorCode.OUT_OF_MEMORY if side > 400 else None)
    eyes = salience(network)
    assert eyes.of_photo(discs(SMALL), Context(notify=told.append)) is not None
    assert [side for _, side in network.passes] == [768, 640, 384]
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
    cutout = IsNetMatter(salience(Seeing()), fallback=simple).cut_out(discs(SMALL), found(900, 700, 1100, 900), Context())
    assert simple.calls == 1 and LIGHT_NOTE in cutout.note


def test_a_cancel_is_seen_between_the_looks() -> None:
    network = Seeing()

    def report(share: float, note: str) -> None:
        if network.passes:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        cut(discs(SMALL), network, *AROUND_SMALL, mask=cover(SMALL), context=Context(report=report))
    assert len(network.passes) == 1


def test_what_is_kept_is_given_back() -> None:
    network = Seeing()
    eyes = salience(network)
    eyes.of_photo(discs(SMALL), Context())
    assert eyes.unload() == 1000 + 768 * 1024 * 4 and network.unloaded == 1
    eyes.of_photo(discs(SMALL), Context())
    assert len(network.passes) == 2


def test_boxes_still_win() -> None:
    """A box on a part of one thing means that part."""
    photo = discs((800, 600, 400))
    wanted = Wanted(name="half", box=Box(left=0.25, top=0.1, right=0.5, bottom=0.9))
    (answer,) = RegionGrounder(salience=salience(Seeing())).locate(photo, (wanted,), Context())
    alpha = over_photo(IsNetMatter(salience(Seeing()), fallback=Simple()).cut_out(photo, answer, Context()), photo)
    assert alpha[600, 600] == 255 and alpha[600, 900:].max() < 128
