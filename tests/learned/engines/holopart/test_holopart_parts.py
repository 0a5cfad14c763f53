"""A tiny HoloPart that knows boxes: pieces of a mesh become whole boxes, closed and in the mesh's own place.

It knows nothing else, so that much guidance leads it to where nothing is: the published amount is compared with the reference's in `tests/learned/vecset`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from img23d_backend.engines.holopart import plan as planning
from img23d_backend.engines.holopart import splitter as splitting
from img23d_backend.engines.holopart.splitter import HoloPartSplitter
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.parts.stage import Divided, PartMade, Task
from img23d_backend.stages import Context, JobCancelled, Mesh
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

SETTINGS = Settings.of(holopart_steps=4, holopart_guidance=1.0, holopart_resolution=64, holopart_faces=1000)
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])  # x-, x+, y-, y+, z-, z+
BODY, HEAD = ((0.0, -12.0, 0.0), (37.0, 12.0, 30.0)), ((0.0, 20.0, 0.0), (9.0, 20.0, 14.0))  # middles and halves
OFF = 0.16  # of a box's longest half: so well it knows boxes, and half a cell of 64


def box(middle: tuple[float, ...], half: tuple[float, ...], without: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    quads = np.delete(QUADS, without, axis=0)
    return CORNERS * half + middle, np.concatenate((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]))


def mesh_of(*boxes: tuple[np.ndarray, np.ndarray], scale: float = 1.0) -> Mesh:
    before = np.cumsum([0, *(len(vertices) for vertices, _ in boxes)])
    faces = [own + number for (_, own), number in zip(boxes, before, strict=False)]
    return Mesh(vertices=(np.concatenate([one for one, _ in boxes]) * scale).astype(np.float32), faces=np.concatenate(faces).astype(np.int32))


MESH = mesh_of(box(*BODY), box(*HEAD))


@pytest.fixture(scope="module")
def splitter(tiny_models: Path) -> Iterator[HoloPartSplitter]:
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(planning, "LATENTS", 512)  # it was trained so that any number does: fewer take less time
        yield HoloPartSplitter(WeightStore(tiny_models), ModelStore())


@pytest.fixture(scope="module")
def lamp(splitter: HoloPartSplitter) -> list[PartMade | Divided]:
    return list(splitter.split(Task(name="lamp", mesh=MESH), SETTINGS, Context(seed=1)))


def parts_of(events: list[PartMade | Divided]) -> list[Mesh]:
    return [event.mesh for event in events if isinstance(event, PartMade)]


def need_box(mesh: Mesh, middle: tuple[float, ...], half: tuple[float, ...]) -> None:
    close = OFF * max(half)
    assert mesh.vertices.min(axis=0) == pytest.approx(np.subtract(middle, half), abs=close)
    assert mesh.vertices.max(axis=0) == pytest.approx(np.add(middle, half), abs=close)
    assert find_defects(mesh) == ()


def test_each_loose_piece_becomes_a_closed_part_where_it_was(lamp: list[PartMade | Divided]) -> None:
    *made, divided = lamp
    body, head = parts_of(made)
    need_box(body, *BODY)
    need_box(head, *HEAD)
    assert isinstance(divided, Divided) and divided.note == ""
    assert np.array_equal(divided.part_of_face, np.repeat([0, 1], 12)), "the largest comes first, as the built-in splitter numbers them"


def test_an_open_piece_becomes_whole(splitter: HoloPartSplitter) -> None:
    """The head has no underside, as one that was joined there."""
    mesh = mesh_of(box(*BODY), box(*HEAD, without=(2,)))
    *made, _ = splitter.split(Task(name="lamp", mesh=mesh), SETTINGS, Context(seed=1))
    need_box(parts_of(made)[1], *HEAD)


@pytest.mark.parametrize("scale", [1e-3, 40.0])
def test_the_meshs_unit_does_not_matter(splitter: HoloPartSplitter, lamp: list[PartMade | Divided], scale: float) -> None:
    events = splitter.split(Task(name="lamp", mesh=mesh_of(box(*BODY), box(*HEAD), scale=scale)), SETTINGS, Context(seed=1))
    one, other = parts_of(lamp)[0], parts_of([next(iter(events))])[0]
    assert other.vertices.min(axis=0) / scale == pytest.approx(one.vertices.min(axis=0), abs=0.5)
    assert other.vertices.max(axis=0) / scale == pytest.approx(one.vertices.max(axis=0), abs=0.5)


def test_a_seed_makes_the_same_twice_and_another_something_else(splitter: HoloPartSplitter) -> None:
    task, rough = Task(name="box", mesh=mesh_of(box(*HEAD))), SETTINGS.changed(holopart_steps=2)
    one, same, other = (next(iter(splitter.split(task, rough, Context(seed=seed)))) for seed in (1, 1, 2))
    assert isinstance(one, PartMade) and isinstance(same, PartMade) and isinstance(other, PartMade)
    assert np.array_equal(one.mesh.vertices, same.mesh.vertices) and not np.array_equal(one.mesh.vertices, other.mesh.vertices)


def test_with_guidance_the_parts_are_closed_as_well(splitter: HoloPartSplitter) -> None:
    made = next(iter(splitter.split(Task(name="box", mesh=mesh_of(box(*HEAD))), SETTINGS.changed(holopart_guidance=1.25), Context(seed=1))))
    assert isinstance(made, PartMade) and find_defects(made.mesh) == ()


def test_progress_grows_names_the_part_and_ends_where_it_is_cancelled(splitter: HoloPartSplitter) -> None:
    told: list[tuple[float, str]] = []

    def report(fraction: float, note: str) -> None:
        told.append((fraction, note))
        if note.startswith("Part 2 of 2, step 3"):
            raise JobCancelled

    events: Iterator[PartMade | Divided] = splitter.split(Task(name="lamp", mesh=MESH), SETTINGS, Context(seed=1, report=report))
    need_box(next(events).mesh, *BODY)  # type: ignore[union-attr]
    with pytest.raises(JobCancelled):
        next(events)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions) and 0.5 < fractions[-1] < 0.9
    assert any(note == "Part 1 of 2, step 1 of 4" for _, note in told)


def test_a_piece_of_which_nothing_comes_is_told_and_left_out(splitter: HoloPartSplitter, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seeds = splitting.completed, []

    def completed(contexts: object, seed: int, *rest: object) -> Mesh:
        seeds.append(seed)
        if len(seeds) == 1:
            raise Img23DError(ErrorCode.NO_SURFACE, "Nothing.")
        return real(contexts, seed, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(splitting, "completed", completed)
    made, divided = splitter.split(Task(name="lamp", mesh=MESH), SETTINGS, Context(seed=7))
    assert isinstance(made, PartMade) and isinstance(divided, Divided) and seeds == [7, 8]
    assert np.array_equal(divided.part_of_face, np.repeat([-1, 0], 12)) and "1 of 2 pieces" in divided.note


def test_where_nothing_comes_of_any_piece_it_is_an_error(splitter: HoloPartSplitter, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> Mesh:
        raise Img23DError(ErrorCode.NO_SURFACE, "Nothing.")

    monkeypatch.setattr(splitting, "completed", nothing)
    with pytest.raises(Img23DError, match="nothing solid of any piece") as caught:
        list(splitter.split(Task(name="lamp", mesh=MESH), SETTINGS, Context()))
    assert caught.value.code is ErrorCode.NO_SURFACE


def test_what_cannot_be_split_is_one_sentence(splitter: HoloPartSplitter) -> None:
    with pytest.raises(Img23DError, match="splits meshes only"):
        next(iter(splitter.split(Task(name="x"), SETTINGS, Context())))
    flat = Mesh(vertices=np.zeros((3, 3), np.float32), faces=np.array([[0, 1, 2]], np.int32))
    with pytest.raises(Img23DError, match="no area"):
        next(iter(splitter.split(Task(name="x", mesh=flat), SETTINGS, Context())))


def test_reading_ahead_never_raises(tmp_path: Path, splitter: HoloPartSplitter) -> None:
    HoloPartSplitter(WeightStore(tmp_path), ModelStore()).prefetch(SETTINGS)
    splitter.prefetch(SETTINGS)
    assert splitter.unload() == 0
