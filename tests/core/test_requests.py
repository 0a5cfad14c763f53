"""What stands in the panel becomes a message, or one clear sentence."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from blender_img23d.core.requests import (
    build_generate,
    build_locate,
    build_pick,
    build_settings,
    checked_photo,
    draw_seed,
    new_run_folder,
)
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError, decode, encode
from blender_img23d.shared.img23d_protocol.limits import SEED_MAX
from blender_img23d.shared.img23d_protocol.messages import (
    Box,
    Nameless,
    Point,
    Settings,
    ShapeKind,
    StageDevices,
    Stroke,
    Wanted,
)

LEFT = Box(left=0.0, top=0.0, right=0.5, bottom=1.0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "mein Foto Ü 杯.png"
    path.write_bytes(b"not looked at here")
    return path


def generate(photo: Path | str, *wanted: Wanted, seed: int = 1, base: Path = Path("/base")):
    return build_generate(photo=str(photo), wanted=wanted, engine="preview", seed=seed, settings=Settings(), base_folder=base)


def code_of(build, *args, **kwargs) -> ErrorCode:
    with pytest.raises(Img23DError) as caught:
        build(*args, **kwargs)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


def test_what_is_wanted_travels_as_it_is(photo: Path) -> None:
    strokes = (Stroke(xs=(0.1, 0.2), ys=(0.3, 0.3), radius=0.01, adds=False),)
    cup = Wanted(name="cup", box=LEFT, strokes=strokes, height=0.12)
    request = generate(photo, cup, Wanted(name="book"))
    assert request.wanted == (cup, Wanted(name="book")) and request.photo == str(photo)
    assert decode(encode(request)) == request


def test_nothing_wanted_is_the_whole_picture(photo: Path) -> None:
    assert generate(photo).wanted == ()


@pytest.mark.parametrize(
    "box",
    [
        Box(left=0.5, top=0.0, right=0.5, bottom=1.0),
        Box(left=0.0, top=0.9, right=1.0, bottom=0.1),
        Box(left=-0.1, top=0.0, right=1.0, bottom=1.0),
        Box(left=0.0, top=0.0, right=1.01, bottom=1.0),
        Box(left=float("nan"), top=0.0, right=1.0, bottom=1.0),
    ],
)
def test_boxes_that_are_none(photo: Path, box: Box) -> None:
    assert code_of(generate, photo, Wanted(name="cup", box=box)) == ErrorCode.BAD_REQUEST


def test_photos_that_are_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.touch()
    assert code_of(generate, "") == ErrorCode.PHOTO_MISSING
    assert code_of(generate, "  ") == ErrorCode.PHOTO_MISSING
    assert code_of(generate, tmp_path / "gone.png") == ErrorCode.PHOTO_NOT_FOUND
    assert code_of(generate, "/nul\0byte.png") == ErrorCode.PHOTO_NOT_FOUND
    assert code_of(generate, tmp_path / ("long" * 200)) == ErrorCode.PHOTO_NOT_FOUND
    assert code_of(generate, tmp_path) == ErrorCode.PHOTO_IS_FOLDER
    assert code_of(generate, empty) == ErrorCode.PHOTO_EMPTY_FILE


def test_a_random_seed_is_drawn_and_told(photo: Path) -> None:
    seeds = {generate(photo, seed=-1).seed for _ in range(20)}
    assert len(seeds) > 10
    assert all(0 <= seed <= SEED_MAX for seed in seeds)
    assert generate(photo, seed=0).seed == 0


@pytest.mark.parametrize("seed", [-2, SEED_MAX + 1])
def test_seeds_out_of_range(seed: int) -> None:
    assert code_of(draw_seed, seed) == ErrorCode.BAD_REQUEST


def test_every_job_has_its_own_id_and_folder(photo: Path) -> None:
    requests = [generate(photo) for _ in range(10)]
    assert len({request.job for request in requests}) == 10
    assert len({request.run_folder for request in requests}) == 10


def test_the_run_folder_is_named_and_not_made(tmp_path: Path) -> None:
    folder = new_run_folder(tmp_path, "/photos/My: cup?.jpg", datetime(2026, 3, 4, 5, 6, 7))
    assert folder.parent == tmp_path / "runs"
    assert folder.name.startswith("20260304-050607-My_cup-")
    assert len(folder.name.rsplit("-", 1)[1]) == 8, "two Blenders may begin in the same second"
    assert not folder.parent.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_photo_whose_name_is_no_utf8_can_still_be_sent(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    path.write_bytes(b"x")
    request = generate(path)
    again = decode(encode(request))
    assert Path(again.photo).is_file()
    new_run_folder(tmp_path, str(path)).mkdir(parents=True)


def test_a_search_cuts_out_where_it_has_a_folder(photo: Path) -> None:
    more = {"photo": str(photo), "wanted": (Wanted(name="cup"),), "engine": "preview", "seed": 3, "settings": Settings()}
    assert build_locate(**more).run_folder == ""
    assert build_locate(**more, folder=photo.parent / "search").run_folder == str(photo.parent / "search")


def test_settings_as_the_panel_holds_them() -> None:
    settings = build_settings(texture_size="2048", faces=500, shape="revolve", thickness=0.5)
    chosen = build_settings(texture_size=1024, faces=500, shape="auto", thickness=1.0, cutter="light", nameless="each")
    assert (chosen.preview.cut_outs.cutter, chosen.preview.cut_outs.nameless) == ("light", Nameless.EACH)
    assert settings == Settings.of(texture_size=2048, faces=500, shape=ShapeKind.REVOLVE, thickness=0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"texture_size": 1000}, {"faces": 499}, {"faces": 10**6}, {"shape": "cube"},
        {"thickness": 0.0}, {"thickness": float("nan")}, {"cutter": "scissors"}, {"nameless": "some"},
    ],
)  # fmt: skip
def test_settings_out_of_range(wrong: dict) -> None:
    values = {"texture_size": 1024, "faces": 1000, "shape": "auto", "thickness": 1.0} | wrong
    assert code_of(build_settings, **values) == ErrorCode.BAD_REQUEST


def test_learned_settings_are_handed_on() -> None:
    assert build_settings() == Settings()
    own = {"grounder": "qwen3-vl-8b", "matter": "preview", "speed": "standard", "steps": 30, "guidance": 7.5, "budget": 0}
    own |= {"painter": "hunyuan3d-paint-turbo", "paint_steps": 20, "paint_guidance": 3.0, "match_positions": False, "delight": False}
    own |= {"small_memory": True, "locate_device": "cpu", "shape_device": "gpu:1", "paint_device": "gpu"}
    chosen = build_settings(**own)
    shape, paint = chosen.hunyuan3d.shape, chosen.hunyuan3d.paint
    assert (chosen.search.grounder, chosen.matte.matter, shape.speed, shape.steps) == ("qwen3-vl-8b", "preview", "standard", 30)
    assert (shape.guidance, shape.faces, paint.painter, paint.paint_steps) == (7.5, 0, "hunyuan3d-paint-turbo", 20)
    assert (paint.paint_guidance, paint.match_positions, paint.delight) == (3.0, False, False)
    assert chosen.machine.small_memory and chosen.machine.devices == StageDevices(locate="cpu", shape="gpu:1", paint="gpu")


@pytest.mark.parametrize(
    "wrong",
    [
        {"grounder": "gpt"}, {"matter": "scissors"}, {"shape_model": "hunyuan4d"}, {"speed": "warp"}, {"steps": -1},
        {"steps": 101}, {"guidance": float("nan")}, {"guidance": 21.0}, {"octree_resolution": 32}, {"budget": -1},
        {"budget": 10**7}, {"matte_device": "toaster"}, {"painter": "brush"}, {"paint_steps": 101},
        {"paint_guidance": -1.0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_learned_settings_out_of_range(wrong: dict) -> None:
    assert code_of(build_settings, **wrong) == ErrorCode.BAD_REQUEST


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of POSIX")
def test_pipe_or_device_is_no_photo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "photo.png")
    for path in (str(tmp_path / "photo.png"), os.devnull):
        with pytest.raises(Img23DError, match="pipe") as caught:
            checked_photo(path)
        assert caught.value.code == ErrorCode.PHOTO_UNREADABLE


def test_a_pick(photo: Path, tmp_path: Path) -> None:
    request = build_pick(photo=str(photo), point=Point(x=0.0, y=1.0), settings=Settings(), folder=tmp_path / "search")
    assert decode(encode(request)) == request and request.run_folder == str(tmp_path / "search")
    assert build_pick(photo=str(photo), point=None, settings=Settings(), folder=tmp_path).point is None


@pytest.mark.parametrize("point", [Point(x=1.1, y=0.5), Point(x=0.5, y=-0.1), Point(x=float("nan"), y=0.5)])
def test_a_pick_outside_of_the_photo(photo: Path, tmp_path: Path, point: Point) -> None:
    with pytest.raises(Img23DError, match="outside of the photo"):
        build_pick(photo=str(photo), point=point, settings=Settings(), folder=tmp_path)
    with pytest.raises(Img23DError, match="of “cup” is outside"):
        build_locate(photo=str(photo), wanted=[Wanted(name="cup", point=point)], engine="preview", seed=0, settings=Settings())
