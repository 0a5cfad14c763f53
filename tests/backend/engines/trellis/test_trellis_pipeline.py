"""TRELLIS's pipeline.json: what is read of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from img23d_backend.engines.trellis.config.pipeline import Following, read_pipeline
from img23d_protocol import ErrorCode, Img23DError


def published() -> dict[str, Any]:
    """As in microsoft/TRELLIS-image-large, its models and other steps left out."""
    sampler = {
        "name": "FlowEulerGuidanceIntervalSampler",
        "args": {"sigma_min": 1e-5},
        "params": {"steps": 25, "cfg_strength": 5.0, "cfg_interval": [0.5, 1.0], "rescale_t": 3.0},
    }
    return {
        "name": "TrellisImageTo3DPipeline",
        "args": {
            "sparse_structure_sampler": sampler,
            "slat_sampler": json.loads(json.dumps(sampler)),
            "slat_normalization": {"mean": [-2.16875, -0.004347], "std": [2.377651, 2.386378]},
            "image_cond_model": "dinov2_vitl14_reg",
        },
    }


def written(folder: Path, content: object) -> Path:
    path = folder / "pipeline.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_what_is_read(tmp_path: Path) -> None:
    found = read_pipeline(written(tmp_path, published()))
    assert found.means == (-2.16875, -0.004347) and found.deviations == (2.377651, 2.386378)
    assert found.structure == found.latents == Following(rescale=3.0, interval=(0.5, 1.0))


def code_of(path: Path) -> ErrorCode:
    with pytest.raises(Img23DError) as caught:
        read_pipeline(path)
    return caught.value.code


@pytest.mark.parametrize("text", ["", "{", "\ud800".encode("utf-8", "replace").decode(), "[1"])
def test_what_cannot_be_read(tmp_path: Path, text: str) -> None:
    assert code_of(written(tmp_path, text)) is ErrorCode.WEIGHTS_DAMAGED


def test_what_is_not_there(tmp_path: Path) -> None:
    assert code_of(tmp_path / "pipeline.json") is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sparse_structure_sampler", "name"), "FlowEulerSampler"),
        (("slat_sampler", "params", "cfg_interval"), 0.5),
        (("slat_sampler", "params"), None),
        (("slat_normalization", "std"), [1.0]),
        (("slat_normalization", "mean"), ["a", "b"]),
        (("slat_normalization",), None),
    ],
    ids=["another sampler", "no interval", "no numbers", "too few", "words", "no spread"],
)
def test_what_is_of_another_model(tmp_path: Path, path: tuple[str, ...], value: object) -> None:
    content = published()
    place = content["args"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert code_of(written(tmp_path, content)) is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize("content", [[], {}, {"args": []}, 3])
def test_what_is_something_else(tmp_path: Path, content: object) -> None:
    assert code_of(written(tmp_path, content)) is ErrorCode.WEIGHTS_UNFIT
