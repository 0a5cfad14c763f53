"""Which layout an artist's mesh is painted into: a new one, its own, or one that modifiers have carried along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_retexture import QUADRANTS, color_on, cube, four_colours

from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_backend.jobs.retexture import Retextured, retexture
from img23d_backend.stages import Context
from img23d_protocol import ErrorCode
from img23d_protocol.messages import Failed, Finished, Settings, Unwrap, UvReady, UvSource


def strip(overlap: float = 0.0) -> np.ndarray:
    """(12, 3, 2): the cube's six quads side by side, v upwards; the second one lies on the first by so much of its width."""
    place = np.arange(6) / 6 + np.where(np.arange(6) == 1, -overlap / 6, 0)
    corner = np.array([[0.01, 0.1], [0.15, 0.1], [0.15, 0.9], [0.01, 0.9]])
    quads = corner[None] + np.stack([place, np.zeros(6)], axis=1)[:, None]
    return np.concatenate([quads[:, half] for half in ([0, 1, 2], [0, 2, 3])]).astype(np.float32)


def painted(folder: Path, source: UvSource, uv: np.ndarray | None) -> Retextured:
    path = folder / "mesh.npz"
    np.savez(path, **cube(), **({} if uv is None else {"uv": uv}))
    return retexture(path, source, four_colours(), ProjectionPainter(), Settings(), Context())


def seen_with(uv: np.ndarray, result: Retextured) -> Retextured:
    """The result with the file's layout brought to the mesh's own corners, as Blender has it."""
    corners = np.zeros((24, 2), np.float32)
    corners[cube()["corners"]] = uv
    return Retextured(uv=corners, texture=result.texture)


@pytest.mark.parametrize("source", [UvSource.OWN, UvSource.GIVEN])
def test_a_layout_of_its_own_is_painted_into(tmp_path: Path, source: UvSource) -> None:
    result = painted(tmp_path, source, strip())
    assert result.uv is None and result.note == ""
    data = cube()
    for (x, z), expected in QUADRANTS.items():
        assert np.abs(color_on(seen_with(strip(), result), data, 0, x * 0.5, z * 0.5) - expected).max() < 12


@pytest.mark.parametrize(
    ("uv", "why"),
    [(strip(0.5), "on top of each other"), (strip() + [0.5, 0.0], "beyond the square"), (None, "no UV map")],
    ids=["overlaps", "another tile", "none"],
)
def test_a_layout_that_cannot_hold_the_picture_gives_way_to_a_new_one_and_says_so(tmp_path: Path, uv: np.ndarray | None, why: str) -> None:
    result = painted(tmp_path, UvSource.OWN, uv)
    assert result.uv is not None and why in result.note
    for (x, z), expected in QUADRANTS.items():
        assert np.abs(color_on(result, cube(), 0, x * 0.5, z * 0.5) - expected).max() < 12


def test_a_given_layout_may_cover_a_place_twice(tmp_path: Path) -> None:
    mirrored = strip()
    mirrored[[1, 7]] = mirrored[[0, 6]]  # two sides share their texels, as the halves of a mirror do
    result = painted(tmp_path, UvSource.GIVEN, mirrored)
    assert result.uv is None
    for (x, z), expected in QUADRANTS.items():
        front = color_on(seen_with(mirrored, result), cube(), 0, x * 0.5, z * 0.5)
        assert np.abs(front - expected).max() < 12  # the picture's own side goes before one that it does not show


def unwrapped(folder: Path, source: UvSource = UvSource.NEW, size: int = 1024, run_folder: str = "", **change: object) -> list[object]:
    np.savez(folder / "mesh.npz", **{**cube(), **change})
    told: list[object] = []
    request = Unwrap(job="j", mesh=str(folder / "mesh.npz"), run_folder=run_folder or str(folder / "run"), uv=source, texture_size=size)
    run_job(request, Caller(emit=told.append, load_engine=lambda engine_id: pytest.fail("no engine is needed")))
    return told


def test_unwrapping_by_itself(tmp_path: Path) -> None:
    told = unwrapped(tmp_path)
    ready = next(message for message in told if isinstance(message, UvReady))
    uv = np.load(tmp_path / "run" / ready.uv)
    assert uv.shape == (24, 2) and uv.dtype == np.float32 and 0 <= uv.min() < uv.max() <= 1
    assert isinstance(told[-1], Finished)


@pytest.mark.parametrize("where", ["file/run", "file", "null\0folder"])
def test_a_layouts_folder_that_cannot_be_made(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    told = unwrapped(tmp_path, run_folder=str(tmp_path / where))
    assert isinstance(told[-1], Failed) and told[-1].code == ErrorCode.FOLDER_UNWRITABLE


def test_a_good_layout_of_its_own_needs_no_file(tmp_path: Path) -> None:
    ready = next(message for message in unwrapped(tmp_path, UvSource.OWN, uv=strip()) if isinstance(message, UvReady))
    assert (ready.uv, ready.note) == (None, "")
    ready = next(message for message in unwrapped(tmp_path, UvSource.OWN, uv=strip(0.5)) if isinstance(message, UvReady))
    assert ready.uv and "on top of each other" in ready.note


def test_unwrapping_refuses_what_makes_no_sense(tmp_path: Path) -> None:
    for told, code in (
        (unwrapped(tmp_path, size=1000), ErrorCode.BAD_REQUEST),
        (unwrapped(tmp_path, vertices=np.full((8, 3), np.nan)), ErrorCode.MESH_UNREADABLE),
    ):
        assert isinstance(told[-1], Failed) and told[-1].code == code
