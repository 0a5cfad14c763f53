"""A small AutoPartGen that knows three things, in all five ways: their parts come out in their order, each where it belongs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree
from tiny.assembled import THINGS, Ball, Solid, Thing, mask, picture, surface

sys.path.append(str(Path(__file__).resolve().parents[3] / "backend" / "jobs" / "parts"))
from split_desk import run, write_mesh

from img23d_backend.cli.commands import run as run_command
from img23d_backend.engines.autopartgen.splitter import AutoPartSplitter
from img23d_backend.models.store import ModelStore
from img23d_backend.parts.stage import PartMade, Task, WholeMade
from img23d_backend.stages import Context, CutOut, JobCancelled, Mesh
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, Split, Stage

SNOWMAN, MUSHROOM, DUMBBELL = THINGS
STEPS = 12
QUICK = {"splitter": "autopartgen", "autopartgen_steps": STEPS, "autopartgen_resolution": 64, "autopartgen_faces": 3000, "split_device": "cpu"}
VALUES = (200, 30, 90)  # of painted parts
CELL = 2.02 / 64


def settings(**values: object) -> Settings:
    return Settings.of(**{**QUICK, **values})


@pytest.fixture(scope="module")
def splitter(tiny_models: Path) -> AutoPartSplitter:
    return AutoPartSplitter(WeightStore(tiny_models), ModelStore())


def mesh_of(thing: Thing) -> trimesh.Trimesh:
    """Its parts side by side, as an artist puts them together."""
    made = []
    for part in thing.parts:
        one = trimesh.creation.icosphere(subdivisions=3) if isinstance(part, Ball) else trimesh.creation.box(extents=(2, 2, 2))
        one.apply_scale(part.radii if isinstance(part, Ball) else part.halves)
        one.apply_translation(part.centre)
        made.append(one)
    return trimesh.util.concatenate(made)


def as_mesh(made: trimesh.Trimesh) -> Mesh:
    return Mesh(vertices=np.asarray(made.vertices, np.float32), faces=np.asarray(made.faces, np.int32))


def likeness(found: Mesh, solid: Solid, near: float = 0.08) -> float:
    """The lesser share of either surface that lies within `near` of the other."""
    own = trimesh.sample.sample_surface(trimesh.Trimesh(found.vertices, found.faces), 3000, seed=0)[0]
    wanted, _ = surface(solid, 3000, np.random.default_rng(0))
    there, back = cKDTree(wanted).query(own)[0], cKDTree(own).query(wanted)[0]
    return min(float((there < near).mean()), float((back < near).mean()))


def parts_of(splitter: AutoPartSplitter, task: Task, context: Context | None = None, **values: object) -> list[WholeMade | PartMade]:
    return list(splitter.split(task, settings(**values), context or Context(seed=3)))  # type: ignore[arg-type]


def assert_parts(made: list[WholeMade | PartMade], thing: Thing) -> None:
    parts = [one for one in made if isinstance(one, PartMade)]
    assert len(parts) == len(thing.parts)
    for one, solid in zip(parts, thing.parts, strict=True):
        assert likeness(one.mesh, solid) > 0.75
        assert trimesh.Trimesh(one.mesh.vertices, one.mesh.faces).is_watertight


# --- the five ways ----------------------------------------------------------------------------------------------------


def test_of_a_mesh(splitter: AutoPartSplitter) -> None:
    notes: list[str] = []
    assert_parts(parts_of(splitter, Task(name="", mesh=as_mesh(mesh_of(SNOWMAN))), Context(seed=3, notify=notes.append)), SNOWMAN)
    assert notes == [], "it ended because the model said so"


def test_of_a_picture_the_whole_comes_first(splitter: AutoPartSplitter) -> None:
    made = parts_of(splitter, Task(name="", cutout=CutOut(rgba=picture(DUMBBELL))))
    assert isinstance(made[0], WholeMade)
    bounds = np.stack((made[0].mesh.vertices.min(axis=0), made[0].mesh.vertices.max(axis=0)))
    assert np.abs(bounds - [(-1, -0.5, -0.4), (1, 0.5, 0.4)]).max() < 0.15
    assert_parts(made, DUMBBELL)


def test_of_a_picture_and_a_mesh(splitter: AutoPartSplitter) -> None:
    task = Task(name="", mesh=as_mesh(mesh_of(MUSHROOM)), cutout=CutOut(rgba=picture(MUSHROOM)))
    assert_parts(parts_of(splitter, task), MUSHROOM)


@pytest.mark.parametrize("with_mesh", [False, True])
def test_of_painted_parts(splitter: AutoPartSplitter, with_mesh: bool) -> None:
    """In the order of where they are painted, whatever their values are."""
    painted = mask(SNOWMAN, VALUES)
    task = Task(name="", mesh=as_mesh(mesh_of(SNOWMAN)) if with_mesh else None, cutout=CutOut(rgba=picture(SNOWMAN)), mask=painted)
    made = parts_of(splitter, task, autopartgen_most=1)
    assert_parts(made, SNOWMAN)
    assert [one.mask for one in made if isinstance(one, PartMade)] == list(VALUES)


def test_the_larger_model_as_well(splitter: AutoPartSplitter) -> None:
    """It has guidance of its own: by the picture, too."""
    task = Task(name="", cutout=CutOut(rgba=picture(MUSHROOM)))
    assert_parts(parts_of(splitter, task, autopartgen_model="autopartgen-4096"), MUSHROOM)


# --- places, seeds, ends ----------------------------------------------------------------------------------------------


def test_parts_lie_where_the_mesh_lies(splitter: AutoPartSplitter) -> None:
    """37 times as large, and not around the origin: within the mesh's own box, but for a cell."""
    made = mesh_of(DUMBBELL)
    made.apply_scale(37)
    made.apply_translation((500, -80, 1200))
    parts = [one.mesh for one in parts_of(splitter, Task(name="", mesh=as_mesh(made)))]
    for one, solid in zip(parts, DUMBBELL.parts, strict=True):
        assert (one.vertices >= made.bounds[0] - 37 * CELL).all() and (one.vertices <= made.bounds[1] + 37 * CELL).all()
        back = Mesh(vertices=((one.vertices - (500, -80, 1200)) / 37).astype(np.float32), faces=one.faces)
        assert likeness(back, solid) > 0.75


def test_a_seed_makes_the_same_and_another_one_does_not(splitter: AutoPartSplitter) -> None:
    task = Task(name="", mesh=as_mesh(mesh_of(MUSHROOM)))
    first, same, other = (parts_of(splitter, task, Context(seed=seed), autopartgen_most=1) for seed in (5, 5, 6))
    assert np.array_equal(first[0].mesh.vertices, same[0].mesh.vertices)
    assert first[0].mesh.vertices.shape != other[0].mesh.vertices.shape or not np.array_equal(first[0].mesh.vertices, other[0].mesh.vertices)


def test_no_more_than_are_allowed(splitter: AutoPartSplitter) -> None:
    notes: list[str] = []
    made = parts_of(splitter, Task(name="", mesh=as_mesh(mesh_of(SNOWMAN))), Context(seed=3, notify=notes.append), autopartgen_most=2)
    assert len(made) == 2 and notes == ["AutoPartGen made as many parts as are allowed: 2. There may be more."]


def test_a_cancel_is_seen_at_the_next_step_and_what_is_finished_stays(splitter: AutoPartSplitter) -> None:
    told: list[tuple[float, str]] = []

    def report(fraction: float, note: str) -> None:
        told.append((fraction, note))
        if note == f"Part 2, step 3 of {STEPS}":
            raise JobCancelled

    made = []
    with pytest.raises(JobCancelled):
        for one in splitter.split(Task(name="", mesh=as_mesh(mesh_of(SNOWMAN))), settings(), Context(seed=3, report=report)):
            made.append(one)
    assert len(made) == 1 and told[-1][1] == f"Part 2, step 3 of {STEPS}"
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions) and 0 <= fractions[0] and fractions[-1] < 1


def test_of_a_mesh_alone_the_encoder_is_asked_once_for_all_time(splitter: AutoPartSplitter, tiny_models: Path, tmp_path: Path) -> None:
    """Its answer to a black picture is kept: afterwards no picture is looked at."""
    import shutil

    shutil.copytree(
        tiny_models, tmp_path / "models", ignore=lambda folder, names: {name for name in names if name not in NEEDED and Path(folder) == tiny_models}
    )
    kept = tmp_path / "models" / "dinov2-with-registers-large" / ".black-picture.safetensors"
    kept.unlink(missing_ok=True)
    task = Task(name="", mesh=as_mesh(mesh_of(MUSHROOM)))
    models = ModelStore()
    first = parts_of(AutoPartSplitter(WeightStore(tmp_path / "models"), models), task, autopartgen_most=1)
    assert kept.is_file() and any("dinov2" in key for key in models.places())
    models = ModelStore()
    again = parts_of(AutoPartSplitter(WeightStore(tmp_path / "models"), models), task, autopartgen_most=1)
    assert not any("dinov2" in key for key in models.places())
    assert np.array_equal(first[0].mesh.vertices, again[0].mesh.vertices)


def test_a_mesh_without_area_ends_in_a_sentence(splitter: AutoPartSplitter) -> None:
    line = Mesh(vertices=np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0)], np.float32), faces=np.array([[0, 1, 2]], np.int32))
    with pytest.raises(Img23DError, match="no area") as told:
        parts_of(splitter, Task(name="", mesh=line))
    assert told.value.code is ErrorCode.BAD_REQUEST


def test_what_is_tried_again_takes_no_progress_back(splitter: AutoPartSplitter) -> None:
    """With so few steps the parts are such that some are made again."""
    told: list[float] = []
    context = Context(seed=3, report=lambda fraction, note: told.append(fraction))
    try:
        parts_of(splitter, Task(name="", mesh=as_mesh(mesh_of(SNOWMAN))), context, autopartgen_steps=1, autopartgen_most=3)
    except Img23DError:
        pass
    assert told == sorted(told) and 0 <= told[0] <= told[-1] <= 1


NEEDED = {"autopartgen-2048", "autopartgen-vae", "dinov2-with-registers-large"}


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_a_missing_file_set_is_told(tmp_path: Path, tiny_models: Path, missing: str) -> None:
    import shutil

    for name in NEEDED - {missing}:
        shutil.copytree(tiny_models / name, tmp_path / name)
    with pytest.raises(Img23DError, match="download"):
        parts_of(AutoPartSplitter(WeightStore(tmp_path), ModelStore()), Task(name="", mesh=as_mesh(mesh_of(MUSHROOM))))


# --- as a job and on the command line ---------------------------------------------------------------------------------


def test_a_job_announces_each_part_and_labels_the_mesh(tiny_models: Path, tmp_path: Path) -> None:
    """The request's mesh has z up; the parts' files have glTF's axes, at its place."""
    made = mesh_of(DUMBBELL)
    made.apply_scale(2)
    right, up, front = made.vertices.T
    world = np.stack((right, -front, up), axis=1) + (10, 20, 30)
    path = write_mesh(tmp_path / "mesh.npz", world, made.faces)
    heard = run(
        Split(job="j", run_folder=str(tmp_path / "run"), name="Dumbbell", mesh=str(path), seed=3, settings=settings()),
        splitter=AutoPartSplitter(WeightStore(tiny_models), ModelStore()),
    )
    assert heard.kinds[-2:] == ["DivisionReady", "Finished"] and [one.piece.part for one in heard.results if one.stage is Stage.SPLIT] == [0, 1, 2]
    for one, solid in zip(heard.results, DUMBBELL.parts, strict=True):
        places = heard.scene(str(one.files[0])).to_geometry().vertices
        assert np.abs(np.median(places, axis=0) - (np.asarray(solid.centre) * 2 + (10, 30, -20))).max() < 0.5
    labels = heard.labels
    of_parts = np.repeat([0, 1, 2], [len(made.faces) // 3] * 3)
    middles = made.triangles_center / 2
    hidden = np.abs(middles[:, 0]) < 0.55  # where a box ends inside of another
    assert (labels == of_parts)[~hidden].mean() > 0.9


@pytest.fixture
def keeps_interrupt() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keeps_interrupt")
def test_on_the_command_line_painted_parts_of_a_photo(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMG23D_MODELS", str(tiny_models))
    cv2.imwrite(str(tmp_path / "photo.png"), cv2.cvtColor(picture(MUSHROOM), cv2.COLOR_RGBA2BGRA))
    cv2.imwrite(str(tmp_path / "mask.png"), mask(MUSHROOM, (50, 60)))
    arguments = [
        *("parts", str(tmp_path / "photo.png"), "--engine", "autopartgen", "--mask", str(tmp_path / "mask.png"), "--out", str(tmp_path / "out"), "--seed", "3"),
        *("--autopartgen-steps", str(STEPS), "--autopartgen-resolution", "64", "--autopartgen-faces", "3000"),
    ]
    assert run_command(arguments) == 0, capsys.readouterr()
    told = capsys.readouterr().out
    assert "(2 parts)" in told
    seen = {path.name.split("_", 1)[-1] for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"shape.glb", "part_01.glb", "part_02.glb", "parts.glb", "mask.png"} <= {name.rsplit("photo_", 1)[-1] for name in seen}, seen
