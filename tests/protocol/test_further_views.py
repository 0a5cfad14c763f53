"""The option of drawn views: which engines and painters heed it, what it needs, and what the record of an object says."""

from __future__ import annotations

import pytest

from blender_img23d.core.runs.recipe import settings_in_words
from blender_img23d.core.session.setup_requests import needed_sets, paint_sets
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.messages import Settings
from blender_img23d.shared.img23d_protocol.options.settings import OPTIONS, REGISTERED, engine_named, option_named

SETS = {"instantmesh-views", "zero123plus"}
PROJECTS = {"hunyuan3d": "painter", "trellis": "trellis_painter", "light": "light_painter", "instantmesh": "instantmesh_painter", "triposg": "triposg_painter"}
ENGINES = [engine.id for engine in REGISTERED]


def settings_of(engine: str, *, projects: bool, **values: object) -> Settings:
    name = PROJECTS.get(engine)
    return Settings.of(**({name: "preview" if projects else "hunyuan3d-paint"} if name else {}), **values)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_off_and_needs_nothing_then(engine: str) -> None:
    assert Settings().further.further_views == "none"
    assert not SETS & set(paint_sets(engine, Settings())) and "Further Views" not in dict(settings_in_words(engine, Settings()))


@pytest.mark.parametrize("engine", ENGINES)
def test_it_needs_what_draws_and_says_so_in_the_record(engine: str) -> None:
    settings = settings_of(engine, projects=True, further_views="six")
    assert SETS <= set(paint_sets(engine, settings)) and SETS <= set(needed_sets(engine, settings))
    assert not SETS & set(needed_sets("preview", settings, with_texture=False))
    words = settings_in_words(engine, settings)
    assert ("Further Views", "Six views: Zero123++") in words and ("Licence", "Non-commercial") in words
    shown = {one.key for one in OPTIONS if engine_named(engine).shows(one, settings.value)}
    assert "further_views" in shown
    bare = settings_in_words("preview", settings.changed(texture=False))
    assert "Further Views" not in dict(bare) and "Licence" not in dict(bare)


@pytest.mark.parametrize("engine", PROJECTS)
def test_where_something_else_paints_it_counts_for_nothing(engine: str) -> None:
    settings = settings_of(engine, projects=False, further_views="six")
    assert not SETS & set(paint_sets(engine, settings)) and "Further Views" not in dict(settings_in_words(engine, settings))
    assert "further_views" not in {one.key for one in OPTIONS if engine_named(engine).shows(one, settings.value)}
    assert settings.heeded_by(engine_named(engine)) == settings.changed(further_views="none")
    assert settings.heeded_by(engine_named("preview")) == settings


def test_another_word_is_refused() -> None:
    with pytest.raises(Img23DError, match="[Ff]urther views"):
        option_named("further_views").check("seven")
