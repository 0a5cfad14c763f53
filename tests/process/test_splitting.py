"""A mesh is split and its parts are closed through the session and the backend's pipes; cancelled within a second."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from desk import ROOT, Desk

from blender_img23d.core.session.session import SessionState
from blender_img23d.core.states import JobState
from blender_img23d.process.launch import new_link
from blender_img23d.shared.img23d_protocol.messages import Close, Settings, Split, Stage

pytest.importorskip("cv2")
CUBE = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
TRIANGLES = np.array([one for a, b, c, d in SIDES for one in ((a, b, c), (a, c, d))])


class RealDesk(Desk):
    def _make_link(self):
        folder = self._log_path.parent
        self.links.append(new_link(ROOT / "blender_img23d", folder / "logs", models=folder / "models"))
        return self.links[-1]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RealDesk]:
    desk = RealDesk(tmp_path / "backend.log")
    yield desk
    desk.close()


def cubes(path: Path, places: np.ndarray) -> str:
    """A cube at each place, of quads: both triangles of a side share the corners 0 and 2 of it."""
    count = len(places)
    triangles = (np.arange(count)[:, None, None] * 8 + TRIANGLES).reshape(-1, 3)
    own = np.array([one for side in range(6) for one in ((4 * side, 4 * side + 1, 4 * side + 2), (4 * side, 4 * side + 2, 4 * side + 3))])
    corners = (np.arange(count)[:, None, None] * 24 + own).reshape(-1, 3)
    vertices = (places[:, None] + CUBE).reshape(-1, 3).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, vertices=vertices, triangles=triangles.astype(np.int32), corners=corners.astype(np.int32), corner_count=np.int32(24 * count))
    return str(path)


def test_parts_are_told_apart_and_closed(desk: RealDesk, tmp_path: Path) -> None:
    folder = tmp_path / "Läufe 杯" / "run"
    mesh = cubes(folder / "mesh.npz", np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 5.0]]))
    job = desk.session.submit(Split(job="s", run_folder=str(folder), name="Würfel", mesh=mesh))
    desk.until(lambda: job.is_over)
    assert job.state is JobState.DONE and job.stages == (Stage.SPLIT,), job.error
    assert job.division is not None and [one.faces for one in job.division.parts] == [12, 12, 12]
    assert [one.area for one in job.division.parts] == pytest.approx([6.0] * 3) and job.division.labels is not None
    labels = np.load(job.division.labels)
    assert sorted(labels[::12].tolist()) == [0, 1, 2] and (labels.reshape(3, 12) == labels[::12, None]).all()
    closing = desk.session.submit(Close(job="c", run_folder=str(folder), mesh=mesh, labels=job.division.labels))
    desk.until(lambda: closing.is_over)
    assert closing.state is JobState.DONE and os.path.dirname(closing.lids) == str(folder)
    with np.load(closing.lids) as lids:
        assert lids["faces"].shape == (0, 3) and lids["dropped"].shape == (36,)
    assert {one.id for one in desk.session.splitters if one.ready} == {"preview"}
    assert desk.longest_tick < 0.1


def test_a_mesh_that_is_none_is_a_sentence_and_the_backend_stays(desk: RealDesk, tmp_path: Path) -> None:
    empty = cubes(tmp_path / "mesh.npz", np.zeros((0, 3)))
    job = desk.session.submit(Split(job="s", run_folder=str(tmp_path / "run"), name="Nothing", mesh=empty))
    desk.until(lambda: job.is_over)
    assert job.state is JobState.FAILED and job.error == "“Nothing” has no faces, so there is nothing to split."
    assert desk.session.state is SessionState.READY and len(desk.links) == 1


def test_the_backend_is_free_within_a_second_of_a_cancel(desk: RealDesk, tmp_path: Path) -> None:
    """Three hundred thousand faces, whose single steps take longer than a second on a slow machine."""
    places = np.stack(np.meshgrid(*[np.arange(30) * 1.5] * 3), axis=-1).reshape(-1, 3)[:25_000]
    mesh = cubes(tmp_path / "mesh.npz", places)
    job = desk.session.submit(Split(job="s", run_folder=str(tmp_path / "run"), mesh=mesh, settings=Settings.of(parts_more=1.0)))
    desk.until(lambda: job.heard > 2 or job.is_over)
    assert not job.is_over, job.error
    desk.session.cancel()
    assert desk.until(lambda: desk.session.state is SessionState.READY) < 1.0 and len(desk.links) == 1
