"""The picture that the family looks at, against Pillow and transformers' own processor with the published file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from published_parts import PREPROCESSOR

from img23d_backend.vecset.picture import on_white, read_picture_config
from img23d_protocol import ErrorCode, Img23DError


def written(folder: Path, **changes: object) -> Path:
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(PREPROCESSOR | changes), encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [(330, 331), (701, 700), (121, 120), (256, 256), (500, 300)])
def test_pixels_are_those_of_the_published_processor(tmp_path: Path, size: tuple[int, int]) -> None:
    from transformers import BitImageProcessor

    rough = np.random.default_rng(0).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(rough).resize(size))
    processor = BitImageProcessor(**{key: value for key, value in PREPROCESSOR.items() if key != "image_processor_type"})
    expected = np.asarray(processor(Image.fromarray(picture), return_tensors="np").pixel_values)[0]
    found = read_picture_config(written(tmp_path), "TripoSG").pixels(picture)
    off = np.abs(found - expected) * 0.229 * 255
    assert found.shape == (3, 224, 224) and off.max() < 1.1 and off.mean() < 0.001  # now and then one of 255 levels


@pytest.mark.parametrize("size", [(200, 60), (60, 200), (101, 100), (7, 7)])
def test_the_thing_stands_on_white_with_a_tenth_around_it(size: tuple[int, int]) -> None:
    """As image_process.py pads: the tenth of the longer side, and what the shorter one lacks, rounded down each."""
    width, height = size
    rgba = np.zeros((height + 30, width + 20, 4), np.uint8)
    rgba[10 : 10 + height, 5 : 5 + width] = (200, 100, 0, 255)
    rgba[10, 5, 3] = 51  # a fifth
    found = on_white(rgba)
    longer, border = max(size), int(0.1 * max(size))
    above, beside = border + int((longer - height) / 2), border + int((longer - width) / 2)
    assert found.shape == (height + 2 * above, width + 2 * beside, 3)
    solid = (found != 255).any(axis=2)
    assert solid.sum() == width * height and solid[above : above + height, beside : beside + width].all()
    assert np.abs(found[above, beside].astype(int) - (244, 224, 204)).max() <= 1
    assert found[above + 1, beside + 1].tolist() == [200, 100, 0]


def test_an_empty_cutout_is_told() -> None:
    with pytest.raises(Img23DError) as caught:
        on_white(np.zeros((9, 9, 4), np.uint8))
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


@pytest.mark.parametrize(
    "changes",
    [{"image_processor_type": "CLIPImageProcessor"}, {"resample": 2}, {"do_center_crop": False}, {"crop_size": {"height": 1, "width": 2}}, {"image_std": [1]}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_processor_does_not_fit(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(Img23DError) as caught:
        read_picture_config(written(tmp_path, **changes), "TripoSG")
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


def test_a_file_that_is_missing_or_cut_off_is_told(tmp_path: Path) -> None:
    with pytest.raises(Img23DError) as caught:
        read_picture_config(tmp_path / "preprocessor_config.json", "TripoSG")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    path = written(tmp_path)
    path.write_text(path.read_text(encoding="utf-8")[:40], encoding="utf-8")
    with pytest.raises(Img23DError) as caught:
        read_picture_config(path, "TripoSG")
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED
