"""`parts` on the command line with the tiny HoloPart and PartCrafter: files of parts in the mesh's own place, read by another program."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from tiny.boxes import drawing

from img23d_backend.cli.commands import run
from img23d_backend.engines import Engines
from img23d_backend.engines.holopart import plan as holopart
from img23d_backend.engines.partcrafter import plan as partcrafter

PLACE, SCALE = np.array([120.0, 7.0, -30.0]), 37.0
QUICK = ("--holopart-steps", "3", "--holopart-guidance", "1", "--holopart-resolution", "64", "--holopart-faces", "600")
QUICK_PARTS = ("--partcrafter-parts", "2", "--partcrafter-steps", "3", "--partcrafter-guidance", "1", "--partcrafter-resolution", "64")


@pytest.fixture(autouse=True)
def keep_interrupt() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def fewer_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    for plan in (holopart, partcrafter):
        monkeypatch.setattr(plan, "LATENTS", 256)


@pytest.fixture
def lamp(tmp_path: Path) -> Path:
    """A small box upon a wide one, loose from each other, far from the origin and large."""
    boxes = [trimesh.creation.box(extents) for extents in ((1.5, 0.9, 1.5), (0.7, 0.9, 0.7))]
    boxes[0].apply_translation((0, -0.45, 0))
    boxes[1].apply_translation((0, 0.46, 0))
    mesh = trimesh.util.concatenate(boxes)
    mesh.apply_scale(SCALE)
    mesh.apply_translation(PLACE)
    mesh.export(tmp_path / "lamp.glb")
    return tmp_path / "lamp.glb"


def parts_told(said: str, folder: Path) -> list[np.ndarray]:
    """The bounding box (2, 3) of each part whose file the command names, from the lowest up, in units of the boxes above."""
    names = re.findall(r": (\S+\.glb), [\d,]+ faces$", said, re.MULTILINE)
    found = [trimesh.load(folder / name, force="mesh") for name in names]
    assert all(mesh.is_watertight for mesh in found)
    return sorted(((mesh.bounds - PLACE) / SCALE for mesh in found), key=lambda bounds: bounds[0, 1])


def test_holopart_makes_whole_parts_in_their_places(tiny_models: Path, lamp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = lamp.parent / "out"
    assert run(["parts", str(lamp), "--out", str(out), "--engine", "holopart", "--models", str(tiny_models), "--seed", "3", *QUICK]) == 0
    said = capsys.readouterr().out
    assert "(2 parts)" in said
    lower, upper = parts_told(said, out)
    assert lower == pytest.approx(np.array([[-0.75, -0.9, -0.75], [0.75, 0, 0.75]]), abs=0.13)
    assert upper == pytest.approx(np.array([[-0.35, 0, -0.35], [0.35, 0.9, 0.35]]), abs=0.13)


def test_partcrafter_puts_a_pictures_parts_on_the_mesh(tiny_models: Path, lamp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, out = lamp.parent / "lamp.png", lamp.parent / "out"
    rgba = drawing(np.array([[0, 0.45, 0], [0, -0.45, 0]]), np.array([[0.35, 0.45, 0.35], [0.75, 0.45, 0.75]]))
    photo.write_bytes(cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))[1].tobytes())
    arguments = ["parts", str(lamp), "--picture", str(photo), "--out", str(out), "--engine", "partcrafter", "--models", str(tiny_models)]
    assert run([*arguments, "--seed", "3", *QUICK_PARTS]) == 0
    lower, upper = parts_told(capsys.readouterr().out, out)
    assert min(lower[0, 1], upper[0, 1]) >= -0.9 - 1e-3 and max(lower[1, 1], upper[1, 1]) <= 0.91 + 1e-3
    assert np.abs(np.concatenate((lower, upper))[:, [0, 2]]).max() <= 0.75 + 1e-3
    assert lower.mean(axis=0)[1] == pytest.approx(-0.45, abs=0.15) and upper.mean(axis=0)[1] == pytest.approx(0.45, abs=0.15)


def test_partcrafter_needs_a_picture(tiny_models: Path, lamp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["parts", str(lamp), "--out", str(lamp.parent / "out"), "--engine", "partcrafter", "--models", str(tiny_models)]) != 0
    assert "PartCrafter splits what a picture shows" in capsys.readouterr().err


@pytest.mark.parametrize("engine", ["holopart", "partcrafter"])
def test_without_its_model_a_splitter_says_what_to_do(tmp_path: Path, lamp: Path, capsys: pytest.CaptureFixture[str], engine: str) -> None:
    assert run(["parts", str(lamp), "--out", str(tmp_path / "out"), "--engine", engine, "--models", str(tmp_path / "none")]) != 0
    assert "model that splits things" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_they_are_ready_where_their_models_are(tiny_models: Path, tmp_path: Path) -> None:
    ready = {info.id: info.ready for info in Engines(tiny_models).splitter_infos()}
    without = {info.id: info.ready for info in Engines(tmp_path).splitter_infos()}
    assert ready["holopart"] and ready["partcrafter"] and not without["holopart"] and not without["partcrafter"] and without["preview"]
