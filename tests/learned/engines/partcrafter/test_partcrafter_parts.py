"""A tiny PartCrafter that knows two boxes, one upon the other: of a picture of them, and put on a mesh of the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny.boxes import drawing

from img23d_backend.engines.partcrafter import making
from img23d_backend.engines.partcrafter import plan as planning
from img23d_backend.engines.partcrafter.splitter import PartCrafterSplitter
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.parts.stage import PartMade, Task, WholeMade
from img23d_backend.stages import Context, CutOut, JobCancelled, Mesh, View
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

SETTINGS = Settings.of(partcrafter_parts=2, partcrafter_steps=4, partcrafter_guidance=1.0, partcrafter_resolution=64, partcrafter_faces=1000)
MIDDLES, HALVES = np.array([[0, 0.45, 0], [0, -0.45, 0]]), np.array([[0.35, 0.45, 0.35], [0.75, 0.45, 0.75]])
PICTURE = CutOut(rgba=drawing(MIDDLES, HALVES))
OFF = 0.15  # so well it knows boxes


@pytest.fixture
def splitter(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> PartCrafterSplitter:
    monkeypatch.setattr(planning, "LATENTS", 256)  # it was trained so that any number does: fewer take less time
    return PartCrafterSplitter(WeightStore(tiny_models), ModelStore())


def bounds(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    return mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)


def test_of_a_picture_alone_come_the_whole_and_then_its_parts(splitter: PartCrafterSplitter) -> None:
    whole, upper, lower = splitter.split(Task(name="lamp", cutout=PICTURE), SETTINGS, Context(seed=1))
    assert isinstance(whole, WholeMade) and isinstance(upper, PartMade) and isinstance(lower, PartMade)
    for made, middle, half in zip((upper, lower), MIDDLES, HALVES, strict=True):
        low, high = bounds(made.mesh)
        assert low == pytest.approx(middle - half, abs=OFF) and high == pytest.approx(middle + half, abs=OFF)
        assert find_defects(made.mesh) == () and 100 < len(made.mesh.faces) <= 1000
    assert len(whole.mesh.faces) == len(upper.mesh.faces) + len(lower.mesh.faces) and find_defects(whole.mesh) == ("the mesh is in more than one piece",)
    assert np.array_equal(whole.mesh.vertices[: len(upper.mesh.vertices)], upper.mesh.vertices)


def test_another_picture_makes_other_parts(splitter: PartCrafterSplitter) -> None:
    halves = HALVES[::-1].copy()
    _, upper, lower = splitter.split(Task(name="lamp", cutout=CutOut(rgba=drawing(MIDDLES, halves))), SETTINGS, Context(seed=1))
    assert isinstance(upper, PartMade) and isinstance(lower, PartMade)
    assert np.ptp(upper.mesh.vertices[:, 0]) > 1.2 * np.ptp(lower.mesh.vertices[:, 0])


def solid(low: np.ndarray, high: np.ndarray) -> Mesh:
    """A tetrahedron that touches all sides of a box."""
    corners = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) * (high - low) + low
    return Mesh(vertices=corners.astype(np.float32), faces=np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]], dtype=np.int32))


def test_with_a_mesh_of_the_same_they_lie_in_its_box_and_nothing_else_is_made(splitter: PartCrafterSplitter) -> None:
    mesh = solid(np.array([-0.75, -0.9, -0.75]) * 37, np.array([0.75, 0.9, 0.75]) * 37)
    upper, lower = splitter.split(Task(name="lamp", cutout=PICTURE, mesh=mesh), SETTINGS, Context(seed=1))
    assert isinstance(upper, PartMade) and isinstance(lower, PartMade)
    low, high = np.minimum(bounds(upper.mesh)[0], bounds(lower.mesh)[0]), np.maximum(bounds(upper.mesh)[1], bounds(lower.mesh)[1])
    cell = 2 * 1.005 / 64 * 37
    assert (low >= bounds(mesh)[0] - cell / 100).all() and (high <= bounds(mesh)[1] + cell / 100).all()
    assert (high - low)[1] == pytest.approx(1.8 * 37, rel=0.1) and bounds(upper.mesh)[0][1] > -0.2 * 37


def test_a_mesh_that_the_picture_shows_from_its_side_gets_turned_parts(splitter: PartCrafterSplitter) -> None:
    """Of a picture of two boxes that are wider than deep on the mesh: what was the parts' width is the mesh's depth."""
    mesh = solid(np.array([-3.0, -9.0, -7.5]), np.array([3.0, 9.0, 7.5]))
    side = View(matrix=np.array([[0, 0, -10, 100], [0, -10, 0, 100], [-10, 0, 0, 0], [0, 0, 0, 1]], dtype=np.float64))
    (plain, *_), (turned, *_) = (list(splitter.split(Task(name="x", cutout=PICTURE, mesh=mesh, view=view), SETTINGS, Context(seed=1))) for view in (None, side))
    assert isinstance(plain, PartMade) and isinstance(turned, PartMade)
    assert np.ptp(plain.mesh.vertices, axis=0)[[2, 1, 0]] == pytest.approx(np.ptp(turned.mesh.vertices, axis=0), rel=0.15)
    assert not np.allclose(plain.mesh.vertices, turned.mesh.vertices)


@pytest.mark.parametrize(("parts", "guidance"), [(1, 7.0), (16, 7.0), (16, 1.0)])
def test_one_part_and_as_many_as_it_can(splitter: PartCrafterSplitter, parts: int, guidance: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here only whether all are made together: sixteen have the numbers 0 to 31."""
    settings = SETTINGS.changed(partcrafter_parts=parts, partcrafter_guidance=guidance, partcrafter_steps=2)
    plan = planning.make_plan(settings, splitter._weights)
    latents = making.sampled(PICTURE.rgba, 1, plan, splitter._models, lambda done, note: None)
    assert latents.shape == (parts, 256, 8) and bool(latents.isfinite().all())


def test_fewer_parts_than_wanted_are_told(splitter: PartCrafterSplitter, monkeypatch: pytest.MonkeyPatch) -> None:
    real, told = making.solid_of_latents, []

    def made(*arguments: object) -> Mesh:
        told.append(arguments)
        if len(told) == 1:
            raise Img23DError(ErrorCode.NO_SURFACE, "Nothing.")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(making, "solid_of_latents", made)
    notes: list[str] = []
    _, lower = splitter.split(Task(name="lamp", cutout=PICTURE), SETTINGS, Context(seed=1, notify=notes.append))
    assert isinstance(lower, PartMade) and lower.mesh.vertices[:, 1].max() < 0.2
    (note,) = notes
    assert "no more than 1 parts" in note


def test_no_part_at_all_is_an_error(splitter: PartCrafterSplitter, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> Mesh:
        raise Img23DError(ErrorCode.NO_SURFACE, "Nothing.")

    monkeypatch.setattr(making, "solid_of_latents", nothing)
    with pytest.raises(Img23DError) as caught:
        list(splitter.split(Task(name="lamp", cutout=PICTURE), SETTINGS, Context()))
    assert caught.value.code is ErrorCode.NO_SURFACE


def test_a_cancel_is_seen_at_a_step(splitter: PartCrafterSplitter) -> None:
    fractions: list[float] = []

    def report(fraction: float, note: str) -> None:
        fractions.append(fraction)
        if note == "Making 2 parts, step 3 of 4":
            raise JobCancelled

    with pytest.raises(JobCancelled):
        list(splitter.split(Task(name="lamp", cutout=PICTURE), SETTINGS, Context(report=report)))
    assert fractions == sorted(fractions) and fractions[-1] < 0.5


def test_what_cannot_be_split_is_one_sentence(splitter: PartCrafterSplitter, tmp_path: Path) -> None:
    with pytest.raises(Img23DError, match="splits what a picture shows"):
        next(iter(splitter.split(Task(name="x"), SETTINGS, Context())))
    with pytest.raises(Img23DError) as caught:
        next(iter(splitter.split(Task(name="x", cutout=CutOut(rgba=np.zeros((20, 20, 4), np.uint8))), SETTINGS, Context())))
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT
    PartCrafterSplitter(WeightStore(tmp_path), ModelStore()).prefetch(SETTINGS)
