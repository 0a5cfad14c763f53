"""InstantMesh's options: what shows with which model, what a quality sets, and what each choice needs."""

from __future__ import annotations

import pytest

from blender_img23d.core.presets import preset
from blender_img23d.core.session.setup_requests import needed_sets
from blender_img23d.shared.img23d_protocol.choices import INSTANTMESH_LICENCE, TENCENT_LICENCE
from blender_img23d.shared.img23d_protocol.codec import build, decode, encode
from blender_img23d.shared.img23d_protocol.messages import Generate, Settings
from blender_img23d.shared.img23d_protocol.options.instantmesh import INSTANTMESH_PAINTERS, RECONSTRUCTIONS
from blender_img23d.shared.img23d_protocol.options.settings import OPTIONS, engine_named, licence_of, option_named

INSTANTMESH = engine_named("instantmesh")
OWN = ("instantmesh-views", "zero123plus")


@pytest.mark.parametrize("model", [identifier for identifier, _, _ in RECONSTRUCTIONS])
def test_only_a_density_has_a_resolution(model: str) -> None:
    settings = Settings.of(reconstruction=model)
    rows = {one.key for one in OPTIONS if INSTANTMESH.shows(one, settings.value)}
    assert {"reconstruction", "view_steps", "view_guidance", "instantmesh_faces", "instantmesh_painter"} <= rows
    assert ("instantmesh_resolution" in rows) == ("nerf" in model)
    assert needed_sets("instantmesh", settings)[3:] == (model, *OWN)


def test_the_steps_are_those_that_are_published() -> None:
    assert [preset(name).settings["view_steps"] for name in ("draft", "balanced", "best")] == [28, 75, 75]
    assert [preset(name).settings["view_guidance"] for name in ("draft", "balanced", "best")] == [4.0, 4.0, 4.0]


def test_what_is_under_which_licence() -> None:
    assert {licence_of(name) for name in (*OWN, *(identifier for identifier, _, _ in RECONSTRUCTIONS))} == {INSTANTMESH_LICENCE}
    learned = set(needed_sets("instantmesh", Settings.of(instantmesh_painter="hunyuan3d-paint"))) - set(needed_sets("instantmesh", Settings()))
    assert learned == {"hunyuan3d-paint", "hunyuan3d-delight"} and set(map(licence_of, learned)) == {TENCENT_LICENCE}


def test_further_photos_are_taken_whatever_paints_and_spare_what_draws() -> None:
    for painter, _, _ in INSTANTMESH_PAINTERS:
        settings = Settings.of(instantmesh_painter=painter)
        assert INSTANTMESH.takes_side_photos(settings.value)
        drawn, own = needed_sets("instantmesh", settings), needed_sets("instantmesh", settings, with_photos=True)
        assert set(drawn) - set(own) == set(OWN) and set(own) < set(drawn)
    assert needed_sets("hunyuan3d", Settings(), with_photos=True) == needed_sets("hunyuan3d", Settings())


def test_a_message_carries_all_of_it() -> None:
    changed = {"reconstruction": "instantmesh-nerf-base", "view_steps": 30, "view_guidance": 2.5, "instantmesh_resolution": 128}
    changed |= {"instantmesh_faces": 12_345, "instantmesh_painter": "preview"}
    assert all(value != option_named(name).default for name, value in changed.items())
    request = Generate(job="a", photo="/a.jpg", run_folder="/run", engine="instantmesh", settings=Settings.of(**changed))
    assert decode(encode(request)) == request


def test_settings_of_a_version_without_it_are_read() -> None:
    assert build(Settings, {"light": {"shape": {"faces": 7000}}}) == Settings.of(light_faces=7000)
