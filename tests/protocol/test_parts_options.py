"""The options of splitting: their ranges, who heeds them, and what a splitter lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blender_img23d.core.requests import build_settings
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.codec import build, decode, encode, revive
from blender_img23d.shared.img23d_protocol.messages import Close, Settings, Split, Stage
from blender_img23d.shared.img23d_protocol.options.declare import options_of
from blender_img23d.shared.img23d_protocol.options.parts.parts import SPLITTERS, Parts, splitter_named
from blender_img23d.shared.img23d_protocol.options.settings import ENGINES, OPTIONS, REGISTERED, SET_UP, heeded_options, option_named

OWN = {one.key for one in options_of(Parts)}
SHARED = {"splitter", "parts_more", "parts_count", "parts_closed"}
BUILT_IN = splitter_named("preview")


def test_the_built_in_one_comes_first_and_is_the_default() -> None:
    assert SPLITTERS[0] is BUILT_IN and BUILT_IN.is_built_in and not any(one.is_built_in for one in SPLITTERS[1:])
    assert Settings().parts.splitter == "preview" and splitter_named("of another version") is BUILT_IN
    assert [identifier for identifier, _, _ in option_named("splitter").choices] == [one.id for one in SPLITTERS]


def test_no_splitter_is_among_the_engines() -> None:
    assert not set(map(id, SPLITTERS)) & set(map(id, (*REGISTERED, *SET_UP)))
    assert {identifier for identifier, _, _ in ENGINES} == {one.id for one in REGISTERED}
    assert SHARED <= OWN <= {one.key for one in OPTIONS}
    assert not any(engine.heeds(name) for engine in REGISTERED for name in OWN)


def test_what_the_built_in_one_heeds() -> None:
    assert {one.key for one in heeded_options(BUILT_IN)} == SHARED - {"splitter"}
    shown = {one.key for one in OPTIONS if BUILT_IN.shows(one, Settings().value)}
    assert shown == SHARED - {"splitter"} and all(option_named(name).row.panel == "parts" for name in OWN)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"splitter": "axe"}, "The splitter must be one of preview"),
        ({"parts_more": 3.5}, "The steps to more parts must be -3.0 to 3.0, not 3.5."),
        ({"parts_more": float("nan")}, "The steps to more parts must be"),
        ({"parts_count": -1}, "The number of parts must be 1 to 64, or 0 for as many as there are, not -1."),
        ({"parts_count": 65}, "not 65"),
    ],
)
def test_values_that_make_no_sense(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(Img23DError) as caught:
        build_settings(**values)
    assert sentence in caught.value.sentence


def test_a_request_there_and_back() -> None:
    settings = Settings.of(parts_more=-1.5, parts_count=7, parts_closed=False)
    assert (settings.parts.built_in.division.count, settings.parts.built_in.closing.closed) == (7, False)
    request = Split(job="a", run_folder="/run", mesh="/m.npz", settings=settings)
    assert decode(encode(request)) == request


def test_settings_of_a_version_without_parts_are_read() -> None:
    assert build(Settings, {"light": {"shape": {"faces": 7000}}}) == Settings.of(light_faces=7000)
    later = {"parts": {"splitter": "laser", "laser": {"power": 3}, "built_in": {"division": {"count": 4}}}}
    assert revive(Settings, later).changed(splitter="preview") == Settings.of(parts_count=4)


def test_a_picture_is_cut_out_only_where_it_is_looked_at() -> None:
    assert Split(job="a", run_folder="/r", mesh="/m.npz", picture="/p.png").stages == (Stage.SPLIT,)
    assert Close(job="a", run_folder="/r", mesh="/m.npz", labels="/l.npy").stages == (Stage.SPLIT,)


LOOKING = replace(BUILT_IN, id="looking", label="Looking", heeds_picture=True, heeds_mask=True, needs_mesh=False)


@pytest.mark.parametrize(
    ("splitter", "given", "sentence"),
    [
        (BUILT_IN, {"mesh": True, "picture": False}, ""),
        (BUILT_IN, {"mesh": False, "picture": True}, "Built In splits meshes only"),
        (LOOKING, {"mesh": True, "picture": False}, ""),
        (LOOKING, {"mesh": False, "picture": True, "mask": True}, ""),
        (LOOKING, {"mesh": False, "picture": False}, "Nothing is given"),
        (LOOKING, {"mesh": True, "picture": False, "mask": True}, "A mask tells parts of a picture apart"),
        (replace(LOOKING, needs_picture=True), {"mesh": True, "picture": False}, "Looking splits what a picture shows"),
    ],
)
def test_what_is_missing(splitter: object, given: dict[str, bool], sentence: str) -> None:
    lacks = splitter.lacks(**given)  # type: ignore[attr-defined]
    assert lacks.startswith(sentence) and bool(lacks) is bool(sentence)
