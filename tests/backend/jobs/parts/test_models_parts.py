"""Parts that a model makes: a scripted splitter in its place. What is announced, and what stays when it ends early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from split_desk import FRONT, Heard, Scripted, ball_mesh, balls, run, write_mesh

from img23d_backend.jobs.parts import splitting
from img23d_backend.parts.stage import Divided, PartMade, WholeMade
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import WHOLE, Cancelled, Failed, Piece, ResultReady, Split, Stage
from img23d_protocol.options.parts.parts import splitter_named
from img23d_protocol.parts import split_messages

PLACE = np.array([10.0, -20.0, 5.0])  # of the middle of the mesh's bounding box, z up
# z up: x, y, z and radius. Within the box from -3 to 3 in x, so that its middle is the origin of what the splitter gets
SPOTS = ((-2.0, 0.0, 0.0, 1.0), (2.5, 0.0, 0.3, 0.5))
LEFT, RIGHT = ball_mesh(-2.0, 0.0, 0.0, 1.0), ball_mesh(2.5, 0.3, 0.0, 0.5)  # the same with y up


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The splitter of requests is one that looks at meshes, pictures and masks."""
    one = replace(splitter_named("preview"), label="Looking", heeds_picture=True, heeds_mask=True, needs_mesh=False, is_built_in=False)
    monkeypatch.setattr(splitting, "splitter_named", lambda identifier: one)
    monkeypatch.setattr(split_messages, "splitter_named", lambda identifier: one)
    yield


def given(tmp_path: Path) -> str:
    mesh = balls(*SPOTS)
    mesh.apply_translation(PLACE)
    return str(write_mesh(tmp_path / "mesh.npz", mesh.vertices, mesh.faces, view=FRONT))


def split(tmp_path: Path, splitter: Scripted, **more: object) -> Heard:
    said = {"mesh": given(tmp_path)} | more
    return run(Split(job="j", run_folder=str(tmp_path / "run"), name="Toy", **said), splitter=splitter, cancel=lambda: CANCEL[0])  # type: ignore[arg-type]


CANCEL = [False]


@pytest.fixture(autouse=True)
def nobody_cancels() -> Iterator[None]:
    CANCEL[0] = False
    yield
    CANCEL[0] = False


def middle(scene: trimesh.Scene) -> np.ndarray:
    """Of its bounding box, in the axes of Blender."""
    x, y, z = scene.bounds.mean(axis=0)
    return np.array([x, -z, y])


@pytest.mark.usefixtures("looking")
def test_parts_come_one_by_one_at_the_meshs_own_place(tmp_path: Path) -> None:
    heard = split(tmp_path, Scripted([PartMade(mesh=LEFT, name="head"), PartMade(mesh=RIGHT)]))
    assert heard.kinds == ["ResultReady", "ResultReady", "DivisionReady", "Finished"]
    first, second = heard.results
    assert (first.piece, first.stage, first.name, first.count, first.textured) == (Piece(part=0), Stage.SPLIT, "head", 320, False)
    assert (second.piece, second.name) == (Piece(part=1), "part 2")
    for ready, (x, y, z, radius) in zip(heard.results, SPOTS, strict=True):
        scene = heard.scene(ready.files[0])
        np.testing.assert_allclose(middle(scene), PLACE + (x, y, z), atol=1e-5)
        np.testing.assert_allclose(np.ptp(scene.bounds, axis=0), 2 * radius, rtol=1e-2)
        (part,) = scene.geometry.values()
        assert part.is_watertight and part.volume > 0
    assert heard.labels.tolist() == [0] * 320 + [1] * 320, "each triangle goes to the part that is nearest"
    assert [one.faces for one in heard.division.parts] == [320, 320] and heard.division.parts[0].name == "head"


@pytest.mark.usefixtures("looking")
def test_the_splitter_gets_the_mesh_around_the_origin(tmp_path: Path) -> None:
    splitter = Scripted([PartMade(mesh=LEFT)])
    split(tmp_path, splitter)
    task = splitter.task
    assert task is not None and task.mesh is not None and task.name == "Toy" and (task.cutout, task.view, task.mask) == (None, None, None)
    low, high = task.mesh.vertices.min(axis=0), task.mesh.vertices.max(axis=0)
    np.testing.assert_allclose(low + high, 0, atol=1e-5)
    np.testing.assert_allclose(high - low, (6, 2, 2), rtol=1e-2)
    assert not splitter.was_prefetched, "there is no picture to be cut out meanwhile"


@pytest.mark.usefixtures("looking")
def test_all_in_one_file_and_the_record(tmp_path: Path) -> None:
    heard = split(tmp_path, Scripted([PartMade(mesh=LEFT, name="head"), PartMade(mesh=RIGHT, name="head")]))
    record = json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))
    (target,) = record["targets"]
    scene = heard.scene(target["files"]["parts"])
    assert set(scene.graph.nodes_geometry) == {"head", "head 2"} == {one["name"] for one in record["parts"]}
    assert [one["piece"]["part"] for one in target["results"]] == [0, 1] and target["state"] == "split" and record["state"] == "finished"


@pytest.mark.usefixtures("looking")
def test_labels_that_the_splitter_knows(tmp_path: Path) -> None:
    """Completed parts of known labels: their order is that of the numbers."""
    labels = np.array([1] * 320 + [0] * 320)
    heard = split(tmp_path, Scripted([PartMade(mesh=RIGHT), PartMade(mesh=LEFT), Divided(part_of_face=labels, note="Completed.")]))
    assert heard.labels.tolist() == labels.tolist() and heard.division.note == "Completed."
    assert [one.faces for one in heard.division.parts] == [320, 320]


@pytest.mark.usefixtures("looking")
def test_finished_parts_stay_on_a_cancel(tmp_path: Path) -> None:
    def second_part_is_too_much(context: object) -> None:
        CANCEL[0] = len(list((tmp_path / "run").glob("*_part_*.glb"))) == 1

    heard = split(tmp_path, Scripted([PartMade(mesh=LEFT, name="head"), PartMade(mesh=RIGHT), PartMade(mesh=RIGHT)], second_part_is_too_much))
    assert [type(one) for one in heard.messages if isinstance(one, ResultReady | Cancelled)] == [ResultReady, ResultReady, Cancelled]
    record = json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))
    assert record["state"] == "cancelled" and [one["piece"]["part"] for one in record["targets"][0]["results"]] == [0, 1]
    assert all((heard.folder / one.files[0]).is_file() for one in heard.results)


@pytest.mark.usefixtures("looking")
def test_finished_parts_stay_on_a_failure(tmp_path: Path) -> None:
    heard = split(tmp_path, Scripted([PartMade(mesh=LEFT, name="head"), Img23DError(ErrorCode.OUT_OF_MEMORY, "There was not enough memory.")]))
    assert heard.kinds == ["ResultReady", "Failed"] and isinstance(heard.last, Failed) and heard.last.code == "out_of_memory"
    record = json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))
    assert record["state"] == "failed" and len(record["targets"][0]["results"]) == 1


@pytest.mark.usefixtures("looking")
def test_no_part_at_all_is_a_sentence(tmp_path: Path) -> None:
    heard = split(tmp_path, Scripted([]))
    assert isinstance(heard.last, Failed) and heard.last.code == "no_surface" and heard.last.sentence.startswith("No part of “Toy” was found")


# --- pictures and masks -----------------------------------------------------------------------------------------------


def picture(path: Path, *, side: int = 120) -> str:
    """A disc in the middle, clear around it."""
    y, x = np.mgrid[:side, :side]
    inside = (x - side / 2) ** 2 + (y - side / 2) ** 2 < (0.4 * side) ** 2
    rgba = np.where(inside[:, :, None], np.array([200, 60, 40, 255]), 0).astype(np.uint8)
    Image.fromarray(rgba).save(path)
    return str(path)


def halves(side: int = 120) -> np.ndarray:
    """Left 7, right 9, a border of background."""
    values = np.full((side, side), 7, dtype=np.uint8)
    values[:, side // 2 :] = 9
    border = max(1, side // 60)
    return np.pad(values[border:-border, border:-border], border)


def saved(path: Path, values: np.ndarray, mode: str) -> str:
    """As Pillow writes it."""
    image = Image.fromarray(values.astype(np.uint16) if mode == "I;16" else values.astype(np.uint8))
    if mode == "P":
        image = Image.fromarray(values.astype(np.uint8), mode="P")
        image.putpalette([byte for number in range(256) for byte in (number, 255 - number, number * 7 % 256)])
    if mode in ("RGB", "RGBA"):
        colors = np.stack([values * 20, values * 3, 255 * (values > 0)], axis=-1).astype(np.uint8)
        image = Image.fromarray(colors if mode == "RGB" else np.dstack([np.where(values[:, :, None] > 0, colors, 90), 255 * (values > 0)]).astype(np.uint8))
    image.save(path)
    return str(path)


@pytest.mark.usefixtures("looking")
def test_from_a_picture_alone_the_whole_comes_first(tmp_path: Path) -> None:
    splitter = Scripted([WholeMade(mesh=ball_mesh(0, 0, 0, 1), note="From the picture."), PartMade(mesh=LEFT), PartMade(mesh=RIGHT)])
    heard = split(tmp_path, splitter, mesh="", picture=picture(tmp_path / "disc.png"))
    assert heard.kinds == ["ResultReady", "ResultReady", "ResultReady", "DivisionReady", "Finished"]
    whole, *parts = heard.results
    assert (whole.piece, whole.stage, whole.note) == (WHOLE, Stage.SHAPE, "From the picture.") and [one.piece.part for one in parts] == [0, 1]
    assert heard.division.labels is None and [one.faces for one in heard.division.parts] == [320, 320]
    areas = [trimesh.creation.icosphere(subdivisions=2, radius=radius).area for radius in (1.0, 0.5)]
    assert [one.area for one in heard.division.parts] == pytest.approx(areas, rel=1e-4)
    task = splitter.task
    assert splitter.was_prefetched and task is not None and task.mesh is None and task.cutout is not None
    record = json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))
    assert record["photo"]["path"] == str(tmp_path / "disc.png") and set(record["seconds"]) >= {"matte", "split"}
    (material,) = {tuple(one.visual.material.baseColorFactor[:3]) for one in heard.scene(parts[0].files[0]).geometry.values()}
    assert material[0] > 3 * material[2], "in the picture's mean colour"


@pytest.mark.usefixtures("looking")
def test_a_picture_of_the_mesh_says_where_it_shows_it(tmp_path: Path) -> None:
    splitter = Scripted([PartMade(mesh=LEFT)])
    split(tmp_path, splitter, picture=picture(tmp_path / "disc.png"))
    task = splitter.task
    assert task is not None and task.cutout is not None and task.view is not None and task.mesh is not None
    seen = task.view.project(task.mesh.vertices)
    alpha = task.cutout.rgba[:, :, 3] >= 128
    columns, rows = np.flatnonzero(alpha.any(axis=0)), np.flatnonzero(alpha.any(axis=1))
    np.testing.assert_allclose([seen[:, 0].min(), seen[:, 0].max()], [columns[0], columns[-1] + 1], atol=1)
    np.testing.assert_allclose([seen[:, 1].min(), seen[:, 1].max()], [rows[0], rows[-1] + 1], atol=1)
    assert seen[:320, 0].mean() < seen[320:, 0].mean(), "left is left"


@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("mode", ["L", "P", "I;16", "RGB", "RGBA"])
@pytest.mark.parametrize("side", [120, 60, 480])
def test_masks_of_each_kind_and_size_say_the_same(tmp_path: Path, mode: str, side: int) -> None:
    splitter = Scripted([PartMade(mesh=LEFT, mask=2), PartMade(mesh=RIGHT, mask=1)])
    mask = saved(tmp_path / "mask.png", halves(side), mode)
    heard = split(tmp_path, splitter, picture=picture(tmp_path / "disc.png"), mask=mask)
    task = splitter.task
    assert task is not None and task.mask is not None and task.cutout is not None and task.mask.shape == task.cutout.rgba.shape[:2]
    at = 60 - task.cutout.left  # the column where one becomes the other
    rows = slice(max(0, 4 - task.cutout.top), 110 - task.cutout.top)
    inner = task.mask[rows]
    assert set(np.unique(inner[:, 5 : at - 2]).tolist()) == {1} and set(np.unique(inner[:, at + 2 : at + 40]).tolist()) == {2}
    record = json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))
    colored = np.asarray(Image.open(heard.folder / record["targets"][0]["files"]["mask"]))
    wanted = {number: tuple(int(heard.division.parts[part].color[at : at + 2], 16) for at in (1, 3, 5)) for part, number in ((0, 2), (1, 1))}
    for number, color in wanted.items():
        assert {tuple(one) for one in colored[task.mask == number].tolist()} == {color}
    assert record["mask"] == mask


@pytest.mark.usefixtures("looking")
def test_a_mask_without_background_ends_where_the_thing_does(tmp_path: Path) -> None:
    splitter = Scripted([PartMade(mesh=LEFT)])
    mask = saved(tmp_path / "mask.png", np.where(np.arange(120) < 60, 3, 4)[None].repeat(120, axis=0), "L")
    split(tmp_path, splitter, picture=picture(tmp_path / "disc.png"), mask=mask)
    task = splitter.task
    assert task is not None and task.mask is not None and task.cutout is not None
    np.testing.assert_array_equal(task.mask > 0, task.cutout.rgba[:, :, 3] >= 128)


def many(count: int) -> np.ndarray:
    return np.arange(120 * 120).reshape(120, 120) % (count + 1)


BESIDE = np.zeros((120, 120), dtype=np.uint8)
BESIDE[:4, :4] = 1
BAD_MASKS = {
    "300 parts": (many(300), "I;16", "tells 300 parts apart, and at most 64"),
    "65 parts": (many(65), "L", "tells 65 parts apart"),
    "nothing": (np.zeros((120, 120)), "L", "Nothing is painted on the mask"),
    "another form": (halves()[:80], "L", "has 120 × 80 pixels and the picture 120 × 120"),
    "beside": (BESIDE, "L", "Nothing of what is painted on the mask lies on the thing"),
}


@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("name", BAD_MASKS)
def test_masks_that_cannot_be_used_are_one_sentence(tmp_path: Path, name: str) -> None:
    values, mode, sentence = BAD_MASKS[name]
    mask = saved(tmp_path / "mask.png", values, mode)
    heard = split(tmp_path, Scripted([PartMade(mesh=LEFT)]), picture=picture(tmp_path / "disc.png"), mask=mask)
    assert heard.kinds == ["Failed"] and isinstance(heard.last, Failed) and sentence in heard.last.sentence and heard.last.code == "bad_request"


@pytest.mark.usefixtures("looking")
def test_64_parts_are_as_many_as_there_may_be(tmp_path: Path) -> None:
    splitter = Scripted([PartMade(mesh=LEFT)])
    split(tmp_path, splitter, picture=picture(tmp_path / "disc.png"), mask=saved(tmp_path / "mask.png", many(64), "L"))
    assert splitter.task is not None and splitter.task.mask is not None and splitter.task.mask.max() == 64


@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize(("data", "code"), [(b"", "photo_empty_file"), (b"hello", "bad_request"), (b"\x89PNG\r\n\x1a\n", "photo_unreadable")])
def test_files_that_are_no_masks(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "mask.png").write_bytes(data)
    heard = split(tmp_path, Scripted([]), picture=picture(tmp_path / "disc.png"), mask=str(tmp_path / "mask.png"))
    assert isinstance(heard.last, Failed) and heard.last.code == code and "mask" in heard.last.sentence


@pytest.mark.usefixtures("looking")
def test_a_jpeg_is_no_mask(tmp_path: Path) -> None:
    Image.fromarray(halves()).save(tmp_path / "mask.jpg")
    heard = split(tmp_path, Scripted([]), picture=picture(tmp_path / "disc.png"), mask=str(tmp_path / "mask.jpg"))
    assert isinstance(heard.last, Failed) and "is no PNG" in heard.last.sentence


@pytest.mark.usefixtures("looking")
def test_a_mask_without_its_picture(tmp_path: Path) -> None:
    heard = split(tmp_path, Scripted([]), mask=saved(tmp_path / "mask.png", halves(), "L"))
    assert isinstance(heard.last, Failed) and heard.last.sentence.startswith("A mask tells parts of a picture apart")
