"""What made an object: said in plain words, and made again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest

from blender_img23d.core.jobs import Job, new_job
from blender_img23d.core.runs.recipe import build_again, recipe_of_job, recipe_of_part, recipe_of_tags, settings_in_words, splitting_in_words, words_of
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import (
    Box,
    DivisionReady,
    Generate,
    Located,
    LocatedTarget,
    PartInfo,
    Piece,
    ResultReady,
    Settings,
    ShapeKind,
    Split,
    Stage,
    Wanted,
)

BOXES = (Box(left=0.1, top=0.1, right=0.4, bottom=0.9), Box(left=0.5, top=0.2, right=0.9, bottom=0.8))
SETTINGS = Settings.of(texture_size=2048, shape=ShapeKind.INFLATE)


def located_job(photo: Path, *wanted: Wanted) -> Job:
    request = Generate(job="j", photo=str(photo), run_folder="/r", wanted=wanted, seed=5, pixels_per_metre=200.0, settings=SETTINGS)
    job = new_job(request, file_key="", now=1.0)
    names = [one.name for one in wanted] or ["desk"]
    targets = tuple(LocatedTarget(name=name, box=BOXES[i]) for i, name in enumerate(names))
    job.on_located(Located(job="j", targets=targets, photo_width=10, photo_height=10))
    return job


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "desk.png"
    path.write_bytes(b"x")
    return path


def test_one_of_several_is_made_again_where_it_was_found_and_as_large(photo: Path, tmp_path: Path) -> None:
    recipe = recipe_of_job(located_job(photo, Wanted(name="cup"), Wanted(name="book", height=0.3)), 1)
    request = build_again(recipe, base_folder=tmp_path, seed=5)
    assert request.wanted == (Wanted(name="book", box=BOXES[1], height=0.3),)
    assert (request.seed, request.pixels_per_metre, request.settings, request.photo) == (5, 200.0, SETTINGS, str(photo))
    assert request.job != "j" and Path(request.run_folder).parent == tmp_path / "runs"


@pytest.mark.parametrize("wanted", [(), (Wanted(name="cup"),)], ids=["the whole picture", "one name"])
def test_the_only_one_is_asked_for_in_the_same_words(photo: Path, tmp_path: Path, wanted: tuple[Wanted, ...]) -> None:
    recipe = recipe_of_job(located_job(photo, *wanted), 0)
    assert build_again(recipe, base_folder=tmp_path, seed=5).wanted == wanted
    other = build_again(recipe, base_folder=tmp_path, seed=5, engine="hunyuan3d", settings=Settings())
    assert [one.box for one in other.wanted] == [BOXES[0] for _ in wanted], "another engine does not look for it elsewhere"
    assert other.engine == "hunyuan3d" and other.settings == Settings()


def test_another_seed_is_drawn(photo: Path, tmp_path: Path) -> None:
    recipe = recipe_of_job(located_job(photo, Wanted(name="cup")), 0)
    assert len({build_again(recipe, base_folder=tmp_path, seed=-1).seed for _ in range(4)}) > 1


def test_the_tags_are_enough(photo: Path, tmp_path: Path) -> None:
    tags = {
        "img23d_photo": str(photo),
        "img23d_name": "cup",
        "img23d_box": [0.1, 0.1, 0.4, 0.9],
        "img23d_seed": 5,
        "img23d_engine": "preview",
        "img23d_settings": json.dumps(asdict(SETTINGS)),
        "img23d_time": "2026-01-02 03:04:05",
    }
    assert recipe_of_tags(tags).started == datetime(2026, 1, 2, 3, 4, 5).timestamp()
    request = build_again(recipe_of_tags(tags), base_folder=tmp_path, seed=5)
    assert request.wanted == (Wanted(name="cup", box=BOXES[0]),) and request.settings == SETTINGS


@pytest.mark.parametrize("wrong", [None, 7, "x", "{", [1.0], [1, 2, 3, "x"]])
def test_damaged_tags_read_as_unknown(wrong: object) -> None:
    tags = {"img23d_name": "cup", "img23d_seed": wrong, "img23d_settings": wrong, "img23d_box": wrong, "img23d_time": wrong}
    recipe = recipe_of_tags(tags)
    assert (recipe.name, recipe.seed, recipe.settings) == ("cup", wrong if wrong == 7 else 0, Settings())
    assert recipe.box is None and recipe.photo == "" and recipe.started == 0.0


def test_a_photo_that_is_gone_is_said_with_its_folder(photo: Path, tmp_path: Path) -> None:
    recipe = recipe_of_job(located_job(photo, Wanted(name="cup")), 0)
    photo.unlink()
    with pytest.raises(Img23DError) as refusal:
        build_again(recipe, base_folder=tmp_path, seed=5)
    assert refusal.value.code is ErrorCode.PHOTO_NOT_FOUND
    assert refusal.value.sentence == f"The photo “desk.png” is no longer in {tmp_path}: put it back there to make this object again."


def test_settings_are_said_as_the_panel_calls_them() -> None:
    words = dict(settings_in_words("preview", SETTINGS))
    assert words == {
        "Engine": "Preview (built in)",
        "Cut Out With": "IS-Net",
        "Kind": "Rounded",
        "Faces": "20,000",
        "Thickness": "1.00",
        "Texture": "2048 px",
    }
    words = dict(settings_in_words("hunyuan3d", Settings.of(texture=False, grounder="of-tomorrow", steps=7)))
    assert words["Shape Model"] == "Hunyuan3D 2 mini, Turbo" and words["Steps"] == "7" and words["Texture"] == "None"
    assert words["Find With"] == "of-tomorrow" and "Paint With" not in words
    assert "Cut Out With" in dict(settings_in_words("cutout", Settings()))


def test_the_licence_that_an_object_was_made_under_is_recorded_with_it() -> None:
    def recorded(engine: str, **values: object) -> list[str]:
        return [value for label, value in settings_in_words(engine, Settings.of(**values)) if label == "Licence"]

    assert recorded("instantmesh") == ["Non-commercial"]
    assert recorded("hunyuan3d") == ["Not for the EU, the UK and South Korea"]
    assert recorded("instantmesh", instantmesh_painter="hunyuan3d-paint") == ["Non-commercial", "Not for the EU, the UK and South Korea"]
    assert recorded("instantmesh", instantmesh_painter="hunyuan3d-paint", texture=False) == ["Non-commercial"]
    assert recorded("preview") == recorded("trellis") == recorded("light") == []


def several(photo: Path, *wanted: Wanted) -> Job:
    """A run of three variants of each, the first one plain."""
    request = Generate(job="j", photo=str(photo), run_folder="/r", wanted=wanted, seed=5, variants=3, settings=SETTINGS)
    job = new_job(request, file_key="", now=1.0)
    assert [target.name for target in job.targets] == [one.name for one in wanted for _ in range(3)]
    targets = tuple(LocatedTarget(name=one.name, box=BOXES[i]) for i, one in enumerate(wanted) for _ in range(3))
    job.on_located(Located(job="j", targets=targets, photo_width=10, photo_height=10))
    return job


def test_a_variant_is_made_again_by_its_own_seed_and_varied(photo: Path, tmp_path: Path) -> None:
    job = several(photo, Wanted(name="cup"), Wanted(name="book", height=0.3))
    again = build_again(recipe_of_job(job, 5), base_folder=tmp_path, seed=recipe_of_job(job, 5).seed)
    assert (again.seed, again.varies, again.variants) == (7, True, 1)
    assert again.wanted == (Wanted(name="book", box=BOXES[1], height=0.3),)
    plain = build_again(recipe_of_job(job, 3), base_folder=tmp_path, seed=5)
    assert (plain.seed, plain.varies, plain.wanted[0].name) == (5, False, "book")


def test_several_variants_of_an_object_are_all_varied(photo: Path, tmp_path: Path) -> None:
    recipe = recipe_of_job(several(photo, Wanted(name="cup")), 0)
    request = build_again(recipe, base_folder=tmp_path, seed=-1, variants=4)
    assert (request.variants, request.varies, request.wanted) == (4, True, (Wanted(name="cup"),))
    assert not build_again(recipe, base_folder=tmp_path, seed=5).varies, "the same again is no variant"


def split_job() -> Job:
    request = Split(job="j", run_folder="/r", name="Duck", mesh="/r/mesh.npz", picture="/p.png", seed=9, settings=Settings.of(parts_more=1.5, parts_count=0))
    job = new_job(request, file_key="", now=1.0)
    job.take(ResultReady(job="j", target=0, files=("p.glb",), piece=Piece(part=1), stage=Stage.SPLIT, textured=False, count=3, name="part 2"))
    return job


def test_a_part_knows_what_it_was_split_from() -> None:
    job = split_job()
    assert recipe_of_part(job, 1).name == "part 2" and recipe_of_part(job, 0).name == "", "before the division is known"
    job.take(DivisionReady(job="j", parts=tuple(PartInfo(name=name, color="#000000", faces=1, area=1.0) for name in ("body", "beak"))))
    recipe = recipe_of_part(job, 1)
    assert (recipe.name, recipe.part_of, recipe.photo, recipe.seed, recipe.run_folder) == ("beak", "Duck", "/p.png", 9, "/r")
    assert words_of(recipe) == [("Part Of", "Duck"), ("Split With", "Built In"), ("More Parts", "1.5")]


def test_a_part_whose_runs_folder_is_gone() -> None:
    tags = {"img23d_name": "beak", "img23d_part_of": "Duck", "img23d_settings": json.dumps(asdict(Settings.of(parts_count=4)))}
    assert words_of(recipe_of_tags(tags)) == [("Part Of", "Duck"), ("Split With", "Built In"), ("Parts", "4")]
    assert recipe_of_tags({}).part_of == "" and words_of(recipe_of_tags({})) == settings_in_words("preview", Settings())


def test_only_what_counts_is_said_of_a_splitting() -> None:
    assert splitting_in_words(Settings()) == [("Split With", "Built In")]
    assert splitting_in_words(Settings.of(parts_more=-2.0, parts_count=3)) == [("Split With", "Built In"), ("Parts", "3")], "a number stands in its place"
