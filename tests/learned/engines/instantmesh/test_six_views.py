"""Zero123++'s views for the painters of other engines: drawn once a thing, with the cameras of its page, in a process of its own as well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from instantmesh_checkpoints import write

from img23d_backend.engines import Engines
from img23d_backend.stages import Context, CutOut
from img23d_protocol.messages import Settings

SETTINGS = Settings.of(
    further_views="six", view_steps=2, reconstruction="instantmesh-nerf-base", instantmesh_resolution=64, instantmesh_faces=500,
    shape_device="cpu", paint_device="cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("models"))


def disc() -> np.ndarray:
    rows, columns = np.mgrid[:80, :80] - 39.5
    rgba = np.zeros((80, 80, 4), np.uint8)
    rgba[..., 0], rgba[..., 1], rgba[..., 3] = 200, 60, (rows**2 + columns**2 < 30**2) * 255
    return rgba


def steps_in(work: Callable[[Context], object], seed: int = 1) -> int:
    """How many steps of drawing it takes."""
    notes: list[str] = []
    work(Context(seed=seed, report=lambda done, note: notes.append(note)))
    return len({note for note in notes if note.startswith("Drawing six views")})


def test_they_are_drawn_once_for_the_painter_and_for_instantmesh(models: Path) -> None:
    engines, cut, seen = Engines(models), CutOut(rgba=disc()), []
    further, shaper = engines.further_views, engines.assembled("instantmesh").shaper
    assert steps_in(lambda context: further.views_of(cut, SETTINGS.changed(further_views="none"), context)) == 0
    assert steps_in(lambda context: seen.extend(further.views_of(cut, SETTINGS, context))) == 2
    assert [(one.azimuth, one.elevation) for one in seen] == [(30, 20), (90, -10), (150, 20), (210, -10), (270, 20), (330, -10)]
    assert {(one.field_of_view, one.distance, one.image.shape) for one in seen} == {(30.0, 4.0, (320, 320, 3))}
    assert steps_in(lambda context: further.views_of(cut, SETTINGS, context)) == 0
    assert steps_in(lambda context: shaper.shape(cut, SETTINGS, context)) == 0
    engines.unload()
    assert steps_in(lambda context: engines.further_views.views_of(cut, SETTINGS, context), seed=2) == 2, "nothing is kept of it"


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    told: list[str] = []
    assert Engines(tmp_path).further_views.views_of(CutOut(rgba=disc()), SETTINGS, Context(notify=told.append)) == ()
    assert len(told) == 1 and "download Zero123++ and InstantMesh views under AI Models" in told[0]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_preview_engine_paints_with_them(models: Path, tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "disc.png"
    cv2.imencode(".png", cv2.cvtColor(disc(), cv2.COLOR_RGBA2BGRA))[1].tofile(path)
    command = [sys.executable, "-m", "img23d_backend", "generate", str(path), "--out", str(tmp_path / "out"), "--json", "--further-views", "six"]
    command += ["--models", str(models if is_there else tmp_path / "none"), "--view-steps", "2", "--device", "cpu", "--faces", "500"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    result = json.loads(done.stdout)
    (target,) = result["targets"]
    assert done.returncode == 0 and target["textured"], done.stderr
    assert any("drawn views" in note for note in target["notes"]) == is_there
    assert any("painted without them" in note for note in result["notes"]) != is_there
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["settings"]["further"]["further_views"] == "six"
