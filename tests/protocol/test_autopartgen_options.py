"""AutoPartGen's options: what it asks for, what it needs, and its licence."""

from __future__ import annotations

import pytest

from blender_img23d.core.requests import build_settings
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.choices import AUTOPARTGEN_LICENCE, LICENCES, licence_named
from blender_img23d.shared.img23d_protocol.messages import Settings, Split, Stage
from blender_img23d.shared.img23d_protocol.options.parts.autopartgen import AUTOPARTGEN_MODELS, AUTOPARTGEN_VAE, PICTURE_ENCODER
from blender_img23d.shared.img23d_protocol.options.settings import licence_of, splitter_named

AUTOPARTGEN = splitter_named("autopartgen")
SMALL, LARGE = (identifier for identifier, _, _ in AUTOPARTGEN_MODELS)


def test_it_is_offered_for_research_only_and_is_never_the_default() -> None:
    assert AUTOPARTGEN.id == "autopartgen" and Settings().parts.splitter != AUTOPARTGEN.id
    assert {licence_of(name) for name in (SMALL, LARGE, AUTOPARTGEN_VAE)} == {AUTOPARTGEN_LICENCE} and licence_of(PICTURE_ENCODER) == ""
    licence = licence_named(AUTOPARTGEN_LICENCE)
    assert "anything made with it" in licence.notice and licence.recorded == "Non-commercial research only"
    assert licence.link.endswith("AutoPartGen/blob/main/LICENSE") and len({one.id for one in LICENCES}) == len(LICENCES)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"mesh": True, "picture": False}, ""),
        ({"mesh": False, "picture": True}, ""),
        ({"mesh": True, "picture": True}, ""),
        ({"mesh": False, "picture": True, "mask": True}, ""),
        ({"mesh": True, "picture": True, "mask": True}, ""),
        ({"mesh": True, "picture": False, "mask": True}, "A mask tells parts of a picture apart"),
        ({"mesh": False, "picture": False}, "Nothing is given"),
    ],
)
def test_the_five_ways_and_what_is_missing_for_others(given: dict[str, bool], sentence: str) -> None:
    assert AUTOPARTGEN.lacks(**given).startswith(sentence) and bool(AUTOPARTGEN.lacks(**given)) is bool(sentence)


def test_a_picture_is_cut_out_before() -> None:
    request = Split(job="a", run_folder="/r", mesh="/m.npz", picture="/p.png", settings=Settings.of(splitter="autopartgen"))
    assert request.stages == (Stage.MATTE, Stage.SPLIT)


def test_its_file_sets() -> None:
    making = Settings().parts.autopartgen.making
    assert making.file_sets() == (SMALL, AUTOPARTGEN_VAE, PICTURE_ENCODER)
    assert making.alternatives() == (making.file_sets(), (LARGE, AUTOPARTGEN_VAE, PICTURE_ENCODER)), "either size will do"
    assert Settings.of(autopartgen_model=LARGE).parts.autopartgen.making.file_sets()[0] == LARGE


def test_the_memory_that_it_needs() -> None:
    """In half precision 3.2 GB of the network, 0.5 of the decoder and 1.2 of the image encoder; the larger one computes with more."""

    def needed(**values: object) -> int:
        settings = Settings.of(**values)
        return settings.parts.autopartgen.making.needed_bytes(settings, {})["split"]

    assert 5.5e9 < needed() < needed(autopartgen_model=LARGE) - 4e8 < 6.5e9
    assert 4e9 < needed(small_memory=True) < needed()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"autopartgen_most": 0}, "The most parts must be 1 to 40, not 0."),
        ({"autopartgen_most": 41}, "not 41"),
        ({"autopartgen_steps": 0}, "The number of steps must be 1 to 200, not 0."),
        ({"autopartgen_image_guidance": 20.5}, "The guidance by the picture must be 0 to 20, where 0 is the makers' choice, not 20.5."),
        ({"autopartgen_geometry_guidance": -1.0}, "The guidance by the mesh must be"),
        ({"autopartgen_resolution": 513}, "The resolution must be 64 to 512, not 513."),
        ({"autopartgen_model": "autopartgen-1"}, "The model of AutoPartGen must be one of"),
    ],
)
def test_values_that_make_no_sense(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(Img23DError) as caught:
        build_settings(**values)
    assert sentence in caught.value.sentence
