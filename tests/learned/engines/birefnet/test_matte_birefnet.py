"""The matte stage with a trained small BiRefNet: the plain photo's things, their neighbours, and what can go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny.birefnet import SIDE, demo_scene

from img23d_backend.engines.birefnet import make_matter, matte
from img23d_backend.engines.birefnet.inference import input_side, prepared
from img23d_backend.engines.preview.matting.matte import GrabCutMatter
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Found, JobCancelled, Matter, Photo, PixelBox
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

SCENE = demo_scene()
LEARNED = Settings.of(matte_device="cpu")
PREVIEW = LEARNED.changed(matter="preview")


@pytest.fixture(scope="module")
def matter(tiny_models: Path) -> Matter:
    return make_matter(WeightStore(tiny_models), ModelStore(), fallback=GrabCutMatter())


@pytest.fixture
def without_weights(tmp_path: Path) -> Matter:
    return make_matter(WeightStore(tmp_path), ModelStore(), fallback=GrabCutMatter())


def _found(index: int) -> Found:
    return Found(name=f"thing {index}", box=SCENE.boxes[index])


def _on_photo(cutout: CutOut, photo: Photo) -> np.ndarray:
    """The cut-out's alpha (H, W) uint8 where it lies in the photo."""
    height, width = cutout.rgba.shape[:2]
    margin = 200  # pixels: a cut-out may stick out
    alpha = np.zeros((photo.height + 2 * margin, photo.width + 2 * margin), np.uint8)
    top, left = cutout.top + margin, cutout.left + margin
    alpha[top : top + height, left : left + width] = cutout.rgba[..., 3]
    return alpha[margin:-margin, margin:-margin]


@pytest.mark.parametrize("index", range(len(SCENE.boxes)))
def test_a_thing_of_the_plain_photo_is_cut_out_without_its_neighbours(matter: Matter, index: int) -> None:
    alpha = _on_photo(matter.cut_out(SCENE.photo, _found(index), Context(settings=LEARNED)), SCENE.photo)
    truth = SCENE.things == index + 1
    assert np.count_nonzero((alpha >= 128) & truth) / np.count_nonzero((alpha >= 128) | truth) >= 0.9
    assert np.count_nonzero((alpha > 0) & (SCENE.things > 0) & ~truth) <= 0.001 * np.count_nonzero(truth)
    assert 0 < np.count_nonzero((alpha > 25) & (alpha < 230)) < 0.35 * np.count_nonzero(truth)  # soft at the edge


def test_where_there_is_nothing_is_an_error_with_advice(matter: Matter) -> None:
    nowhere = Found(name="ghost", box=PixelBox(left=600, top=20, right=700, bottom=100))
    with pytest.raises(Img23DError) as caught:
        matter.cut_out(SCENE.photo, nowhere, Context(settings=LEARNED))
    assert caught.value.code == ErrorCode.EMPTY_CUTOUT
    assert "“ghost”" in caught.value.sentence and "box" in caught.value.sentence


def test_progress_grows_and_a_cancel_is_seen_inside_the_network(matter: Matter) -> None:
    told: list[float] = []

    def report(fraction: float, note: str) -> None:
        told.append(fraction)
        if fraction > 0.5:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        matter.cut_out(SCENE.photo, _found(0), Context(settings=LEARNED, report=report))
    assert told == sorted(told) and len(told) > 5 and told[-1] < 0.9


def test_short_of_memory_it_goes_on_at_a_smaller_size_and_says_so(matter: Matter, monkeypatch: pytest.MonkeyPatch) -> None:
    sides, notices = [], []
    whole = matte.matte

    def short(network: object, rgb: np.ndarray, side: int, report: object) -> np.ndarray:
        sides.append(side)
        if side == SIDE:
            raise MemoryError
        return whole(network, rgb, side, report)

    monkeypatch.setattr(matte, "matte", short)
    cutout = matter.cut_out(SCENE.photo, _found(4), Context(settings=LEARNED, notify=notices.append))
    assert sides == [96, 64] and len(notices) == 1 and "64 pixels" in notices[0]
    assert cutout.rgba[..., 3].max() == 255


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_changes_the_matte_little(tiny_models: Path, dtype: torch.dtype) -> None:
    folder, box = WeightStore(tiny_models).path("birefnet-general"), SCENE.boxes[5]
    rgb = SCENE.photo.rgb[box.top - 40 : box.bottom + 40, box.left - 40 : box.right + 40]
    exact, coarse = (matte.matte(matte.load(folder, kind), rgb, SIDE, lambda _: None) for kind in (torch.float32, dtype))
    assert 0.2 < exact.mean() < 0.8
    assert np.abs(exact - coarse).mean() < 0.01


# --- without the network --------------------------------------------------------------------------------------------


def test_where_it_is_not_downloaded_the_fallback_cuts_out_and_it_is_told(without_weights: Matter) -> None:
    told: list[str] = []
    cutout = without_weights.cut_out(SCENE.photo, _found(4), Context(settings=LEARNED, notify=told.append))
    plain = GrabCutMatter().cut_out(SCENE.photo, _found(4), Context(settings=LEARNED))
    assert np.array_equal(cutout.rgba, plain.rgba)
    assert len(told) == 1 and "BiRefNet is not downloaded yet" in told[0] and "come with Img23D" in told[0]


def test_the_built_in_cut_out_needs_no_weights_and_says_nothing(without_weights: Matter) -> None:
    told: list[str] = []
    cutout = without_weights.cut_out(SCENE.photo, _found(4), Context(settings=PREVIEW, notify=told.append))
    plain = GrabCutMatter().cut_out(SCENE.photo, _found(4), Context(settings=PREVIEW))
    assert np.array_equal(cutout.rgba, plain.rgba) and not told


def test_reading_ahead_never_raises(without_weights: Matter) -> None:
    for device in ("cpu", "gpu:1"):
        without_weights.prefetch(Settings.of(matte_device=device))
    without_weights.prefetch(PREVIEW)


def _soft_disc(size: int, x: int, y: int, radius: int, soft: float) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] + 0.5
    return np.clip((radius - np.hypot(rows - y, columns - x)) / soft + 0.5, 0, 1).astype(np.float32)


def test_a_photo_with_alpha_keeps_it_and_no_backdrop_shines_through(without_weights: Matter) -> None:
    """A red disc with an edge of 16 pixels on green, and a second one that is not asked for."""
    own, other = _soft_disc(400, 150, 200, 80, 16), _soft_disc(400, 330, 200, 50, 16)
    front, behind = np.array([210.0, 40, 30]), np.array([30.0, 170, 60])
    share = np.maximum(own, other)[..., None]
    photo = Photo(
        rgb=np.rint(share * front + (1 - share) * behind).astype(np.uint8),
        alpha=np.rint(np.maximum(own, other) * 255).astype(np.uint8),
    )
    found = Found(name="disc", box=PixelBox(left=62, top=112, right=238, bottom=288))
    cutout = without_weights.cut_out(photo, found, Context(settings=LEARNED))
    assert np.array_equal(_on_photo(cutout, photo), np.rint(own * 255).astype(np.uint8))
    colours, alpha = cutout.rgba[..., :3].astype(float), cutout.rgba[..., 3]
    assert np.abs(colours - front)[alpha > 0].max() < 20
    assert cutout.rgba[0, 0, 3] == 0 and np.abs(colours[0, 0] - front).max() < 25


def test_the_picture_is_scaled_as_the_published_inference_scales_it() -> None:
    """With Pillow, in 8 bits: within one of 255 levels, also where it is enlarged."""
    image = pytest.importorskip("PIL.Image")
    for box in (SCENE.boxes[0], PixelBox(left=0, top=0, right=1200, bottom=900)):
        rgb = SCENE.photo.rgb[box.top : box.bottom, box.left : box.right]
        pillows = np.asarray(image.fromarray(rgb).resize((256, 256), image.Resampling.BILINEAR)).astype(np.float32) / 255
        plain = (pillows - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        assert np.abs(prepared(rgb, 256)[0].permute(1, 2, 0).numpy() - plain).max() < 1.01 / 255 / 0.224


@pytest.mark.parametrize(
    ("set_id", "config", "side"),
    [
        ("birefnet-general", {}, 1024),
        ("birefnet-lite", None, 1024),
        ("birefnet-hr", {"architectures": ["BiRefNet"]}, 2048),
        ("birefnet-general", {"image_size": 96}, 96),
        ("birefnet-general", {"image_size": 100}, 1024),
        ("birefnet-general", {"image_size": "large"}, 1024),
        ("birefnet-general", [], 1024),
    ],
)
def test_the_checkpoint_may_say_how_large_it_sees(tmp_path: Path, set_id: str, config: object, side: int) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert input_side(tmp_path, set_id) == side
