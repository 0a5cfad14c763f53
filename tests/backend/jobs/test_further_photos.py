"""Further photos of a thing: what they change of its shape and its colours, and what becomes of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import blank, cutout, ellipse, in_pixels, polygon, soft

from img23d_backend.cli.commands import run as run_command
from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.engines.preview.shape.shaper import OutlineShaper
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Context, CutOut, Painted, Shaped
from img23d_protocol.messages import Settings, ShapeKind, Side

SETTINGS = Settings.of(faces=6000, texture_size=512)
RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 170, 60), (50, 60, 200), (220, 200, 40)


def front() -> np.ndarray:
    image = blank(240, 300)
    ellipse(image, 150, 120, 120, 100)
    return soft(image)


def wedge(*, mirrored: bool = False) -> np.ndarray:
    """From the left: 200 high, 40 deep at the top and 160 below, upright at the front, which is on the right there."""
    image = blank(240, 240)
    polygon(image, [(x if not mirrored else 240 - x, y) for x, y in ((160, 20), (200, 20), (200, 220), (40, 220))])
    return soft(image)


def side(alpha: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return cutout(alpha, rgb=np.full((*alpha.shape, 3), colour, np.uint8)).rgba


def shaped(**sides: np.ndarray) -> Shaped:
    cut = CutOut(rgba=side(front(), RED), sides={Side(name): rgba for name, rgba in sides.items()})
    return OutlineShaper().shape(cut, Settings.of(faces=6000, shape=ShapeKind.INFLATE), Context())


def depths(made: Shaped, row: float) -> tuple[float, float]:
    """Of the solid within 3 pixels of a row, in pixels: farthest back and farthest to the front."""
    points = in_pixels(made).vertices
    there = points[np.abs(points[:, 1] - row) < 3, 2]
    return float(there.min()), float(there.max())


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
def test_the_side_says_how_deep_it_is_at_each_height(sides: tuple[str, ...]) -> None:
    made = shaped(**{name: side(wedge(mirrored=name == "right"), BLUE) for name in sides})
    assert find_defects(made.mesh) == () and "side photos" in made.note
    for row in (70, 120, 170):
        back, ahead = depths(made, row)
        assert ahead - back == pytest.approx(40 + 120 * (row - 20) / 200, abs=8)
        assert ahead == pytest.approx(depths(made, 120)[1], abs=8), "upright at the front"


def test_from_the_front_it_stays_as_it_was() -> None:
    one, two = shaped(), shaped(left=side(wedge(), BLUE))
    assert np.array_equal(one.mesh.vertices[:, :2], two.mesh.vertices[:, :2]) and np.array_equal(one.mesh.faces, two.mesh.faces)
    assert np.array_equal(one.mesh.vertices, shaped(back=side(front(), GREEN)).mesh.vertices), "the back says nothing about depths"


def painted(sides: dict[Side, np.ndarray]) -> tuple[Painted, np.ndarray]:
    """And the mean colour of the faces that look to the front, back, left and right, each (3,)."""
    cut = CutOut(rgba=side(front(), RED), sides=sides)
    made = OutlineShaper().shape(cut, SETTINGS, Context())
    result = ProjectionPainter().paint(made.mesh, made.view, cut, SETTINGS, Context())
    corners = made.mesh.vertices[made.mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    at = (result.uv.mean(axis=1) * result.texture.shape[0]).astype(int)
    colours = result.texture[at[:, 1], at[:, 0]]
    axes = np.array([(0, 0, 1), (0, 0, -1), (-1, 0, 0), (1, 0, 0)])
    return result, np.array([np.median(colours[normals @ axis > 0.9], axis=0) for axis in axes])


def test_each_side_has_the_colours_of_its_photo() -> None:
    image = blank(240, 240)
    ellipse(image, 120, 120, 90, 100)
    round_side = soft(image)
    sides = {Side.LEFT: side(round_side, BLUE), Side.BACK: side(front(), GREEN), Side.RIGHT: side(round_side, YELLOW)}
    _, colours = painted(sides)
    assert np.abs(colours - [RED, GREEN, BLUE, YELLOW]).max() < 12
    _, alone = painted({})
    assert np.abs(alone - RED).max() < 12


# --- the whole way --------------------------------------------------------------------------------------------------


def picture(path: Path, colour: tuple[int, int, int]) -> str:
    image = np.full((160, 200, 3), 228, np.uint8)
    cv2.ellipse(image, (100, 80), (60, 50), 0, 0, 360, colour[::-1], -1)
    cv2.imencode(".png", image)[1].tofile(path)
    return str(path)


def made(folder: Path, *options: str) -> tuple[int, dict]:
    photo = picture(folder / "ball.png", RED)
    command = ["generate", photo, "--names", "ball", "--out", str(folder / "out"), "--faces", "500", "--cutter", "light"]
    code = run_command([*command, "--texture-size", "1024", *options])
    record = folder / "out" / "run.json"
    return code, json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}


def test_the_command_line_takes_further_photos(tmp_path: Path) -> None:
    left, back = picture(tmp_path / "l.png", BLUE), picture(tmp_path / "b=1.png", GREEN)
    code, record = made(tmp_path, "--view", f"left={left}", "--view", f"ball=back={back}")
    assert code == 0
    (target,) = record["targets"]
    assert target["sides"] == record["wanted"][0]["sides"] == [{"side": "left", "photo": left}, {"side": "back", "photo": back}]
    assert target["state"] == "painted" and (tmp_path / "out" / target["files"]["side_back"]).is_file()


@pytest.mark.parametrize("bad", ["missing", "empty", "text", "plain"])
def test_a_bad_photo_is_said_and_the_thing_is_made_without_it(tmp_path: Path, bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "side.png"
    if bad == "plain":
        cv2.imencode(".png", np.full((60, 80, 3), 128, np.uint8))[1].tofile(path)
    elif bad != "missing":
        path.write_bytes(b"" if bad == "empty" else b"no picture")
    code, record = made(tmp_path, "--view", f"back={path}")
    (target,) = record["targets"]
    assert code == 0 and target["state"] == "painted" and "side_back" not in target["files"]
    (said,) = (note for note in target["notes"] if "Made without the photo of its back" in note)
    assert said.endswith(".") and "\n" not in said


@pytest.mark.parametrize("option", ["back", "top=x.png", "spoon=back=x.png", "=x.png"])
def test_a_view_that_makes_no_sense_is_said(tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, record = made(tmp_path, "--view", option)
    assert code == 2 and not record and option in capsys.readouterr().err


def test_two_photos_of_one_side_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, record = made(tmp_path, "--view", "back=a.png", "--view", "back=b.png")
    assert code == 2 and not record and "same side" in capsys.readouterr().err
