"""TRELLIS's options: what shows and what is made follows from what each thing is to become."""

from __future__ import annotations

import pytest

from blender_img23d.core.presets import matching, preset
from blender_img23d.core.runs.recipe import settings_in_words
from blender_img23d.core.session.setup_requests import needed_sets
from blender_img23d.shared.img23d_protocol.choices import TENCENT_LICENCE
from blender_img23d.shared.img23d_protocol.codec import build, decode, encode
from blender_img23d.shared.img23d_protocol.messages import Generate, Settings, Stage
from blender_img23d.shared.img23d_protocol.options.settings import OPTIONS, engine_named, licence_of, option_named
from blender_img23d.shared.img23d_protocol.options.trellis import TRELLIS_PAINTERS

TRELLIS = engine_named("trellis")
OF_MESHES = {"trellis_faces", "trellis_painter", "texture_size", "quads"}
OF_SPLATS = {"splat_count", "spz"}


def shown(engine: str, **values: object) -> set[str]:
    """The rows that are there with these settings."""
    settings = Settings.of(**values)
    return {one.key for one in OPTIONS if engine_named(engine).shows(one, settings.value)}


@pytest.mark.parametrize(
    ("result", "there", "gone"),
    [("mesh", OF_MESHES, OF_SPLATS), ("splats", OF_SPLATS, OF_MESHES), ("both", OF_MESHES | OF_SPLATS, set())],
)
def test_the_rows_are_those_of_what_is_made(result: str, there: set[str], gone: set[str]) -> None:
    rows = shown("trellis", result=result)
    assert there <= rows and not gone & rows
    assert {"result", "structure_steps", "latent_steps", "oversampling"} <= rows


@pytest.mark.parametrize("engine", ["preview", "hunyuan3d", "cutout"])
def test_other_engines_do_not_look_at_it(engine: str) -> None:
    assert shown(engine, result="splats") == shown(engine, result="mesh")
    assert "texture_size" in shown(engine, result="splats") and "result" not in shown(engine)
    assert Settings.of(result="splats").paints(engine_named(engine))


@pytest.mark.parametrize(("result", "texture", "is_painted"), [("mesh", True, True), ("both", True, True), ("splats", True, False), ("mesh", False, False)])
def test_a_run_of_splats_has_nothing_to_paint(result: str, texture: bool, is_painted: bool) -> None:
    settings = Settings.of(result=result, texture=texture)
    request = Generate(job="a", photo="/a.jpg", run_folder="/run", engine="trellis", settings=settings)
    assert request.is_painted == is_painted and (Stage.PAINT in request.stages) == is_painted
    assert dict(settings_in_words("trellis", settings))["Texture"] == ("1024 px" if is_painted else "None")


@pytest.mark.parametrize("name", ["draft", "balanced", "best"])
@pytest.mark.parametrize("result", ["mesh", "splats", "both"])
def test_a_quality_leaves_alone_what_is_made(name: str, result: str) -> None:
    assert "result" not in preset(name).settings

    class Values:
        engine = "trellis"

    for key, value in {**preset(name).settings, "result": result}.items():
        setattr(Values, key, value)
    assert matching(Values) == name


def test_what_painters_need_and_on_which_licence() -> None:
    without, learned = Settings.of(trellis_painter="splats"), Settings.of(trellis_painter="hunyuan3d-paint")
    sets = needed_sets("trellis", without)
    assert {"trellis-image-large", "dinov2-with-registers-large"} <= set(sets) and not any(map(licence_of, sets))
    further = set(needed_sets("trellis", learned)) - set(sets)
    assert further == {"hunyuan3d-paint", "hunyuan3d-delight"} and set(map(licence_of, further)) == {TENCENT_LICENCE}


def test_only_the_painter_of_splats_paints_from_them() -> None:
    found = [painter for painter, _, _ in TRELLIS_PAINTERS if TRELLIS.paints_from_splats(Settings.of(trellis_painter=painter).value)]
    assert found == ["splats"] and not engine_named("preview").paints_from_splats(Settings().value)


def test_further_photos_are_for_the_painter_that_looks_at_them() -> None:
    """Its networks look at one picture, and so do the other painters."""
    found = [painter for painter, _, _ in TRELLIS_PAINTERS if TRELLIS.takes_side_photos(Settings.of(trellis_painter=painter).value)]
    assert found == ["preview"]


def test_a_message_carries_all_of_it() -> None:
    changed = {"result": "both", "structure_steps": 9, "structure_guidance": 4.5, "latent_steps": 11, "latent_guidance": 2.5, "oversampling": 4}
    changed |= {"splat_count": 77_000, "spz": True, "trellis_faces": 12_345, "trellis_painter": "preview"}
    assert all(value != option_named(name).default for name, value in changed.items())
    request = Generate(job="a", photo="/a.jpg", run_folder="/run", engine="trellis", settings=Settings.of(**changed))
    assert decode(encode(request)) == request


def test_settings_of_a_version_without_it_are_read() -> None:
    older = {"hunyuan3d": {"shape": {"steps": 7}}, "common": {"texture": False}}
    assert build(Settings, older) == Settings.of(steps=7, texture=False)
