"""Which engine is ready follows from its own models: those of another one do not help it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from img23d_backend.engines import Engines

CUT_OUTS = {"qwen3-vl-4b"}
HUNYUAN3D, TRELLIS, ENCODER = "hunyuan3d-2-standard", "trellis-image-large", "dinov2-with-registers-large"


def ready_with(sets: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    engines = Engines(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(engines.weights, "is_ready", lambda identifier: identifier in sets)
    return {info.id for info in engines.infos() if info.ready}


@pytest.mark.parametrize(
    ("sets", "ready"),
    [
        (set(), {"preview"}),
        ({HUNYUAN3D, TRELLIS, ENCODER}, {"preview"}),
        (CUT_OUTS, {"preview", "cutout"}),
        (CUT_OUTS | {HUNYUAN3D}, {"preview", "cutout", "hunyuan3d"}),
        (CUT_OUTS | {"hunyuan3d-2-vae"}, {"preview", "cutout"}),
        (CUT_OUTS | {TRELLIS}, {"preview", "cutout"}),
        (CUT_OUTS | {TRELLIS, ENCODER}, {"preview", "cutout", "trellis"}),
        (CUT_OUTS | {"triposr"}, {"preview", "cutout", "light"}),
        (CUT_OUTS | {"triposg"}, {"preview", "cutout", "triposg"}),
        (CUT_OUTS | {"instantmesh-views", "zero123plus"}, {"preview", "cutout"}),
        (CUT_OUTS | {"instantmesh-nerf-base"}, {"preview", "cutout", "instantmesh"}),  # for things with further photos
        (CUT_OUTS | {"instantmesh-nerf-base", "instantmesh-views", "zero123plus"}, {"preview", "cutout", "instantmesh"}),
    ],
)
def test_which_engines_are_ready(sets: set[str], ready: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ready_with(sets, tmp_path, monkeypatch) == ready


@pytest.mark.parametrize(
    ("sets", "ready"),
    [
        (set(), {"preview"}),
        ({"autopartgen-2048", "autopartgen-vae"}, {"preview"}),
        ({"autopartgen-vae", ENCODER}, {"preview"}),
        ({"autopartgen-2048", "autopartgen-vae", ENCODER}, {"preview", "autopartgen"}),
        ({"autopartgen-4096", "autopartgen-vae", ENCODER}, {"preview", "autopartgen"}),
    ],
)
def test_which_splitters_are_ready(sets: set[str], ready: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = Engines(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(engines.weights, "is_ready", lambda identifier: identifier in sets)
    infos = engines.splitter_infos()
    assert {info.id for info in infos if info.ready} == ready
    assert all("Lacks a model that splits things" in info.note for info in infos if not info.ready)
