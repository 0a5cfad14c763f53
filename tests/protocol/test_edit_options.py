"""What a job does where the picture is cleaned first, and what the options say about it."""

from __future__ import annotations

import pytest

from img23d_protocol import Img23DError
from img23d_protocol.messages import Edit, Generate, Locate, Settings, Stage
from img23d_protocol.options.declare import check
from img23d_protocol.options.edit import KLEIN, PRESETS, PROMPTS, QWEN_2511, THINGS
from img23d_protocol.options.settings import REGISTERED

PHOTO, EACH = Settings.of(edit=True), Settings.of(edit=True, edit_of=THINGS)
_LOCATE, _MATTE, _SHAPE, _PAINT, _EDIT = Stage.LOCATE, Stage.MATTE, Stage.SHAPE, Stage.PAINT, Stage.EDIT


@pytest.mark.parametrize(
    ("settings", "original", "stages"),
    [
        (Settings(), "", (_LOCATE, _MATTE, _SHAPE, _PAINT)),
        (PHOTO, "", (_EDIT, _LOCATE, _MATTE, _SHAPE, _PAINT)),
        (PHOTO, "/p.png", (_LOCATE, _MATTE, _SHAPE, _PAINT)),  # it was edited already
        (EACH, "", (_LOCATE, _MATTE, _EDIT, _SHAPE, _PAINT)),
        (EACH, "/p.png", (_LOCATE, _MATTE, _EDIT, _SHAPE, _PAINT)),
    ],
)
def test_where_a_job_edits(settings: Settings, original: str, stages: tuple[Stage, ...]) -> None:
    assert Generate(job="a", photo="/e.png", original=original, run_folder="/r", settings=settings).stages == stages
    assert Locate(job="a", photo="/e.png", original=original, run_folder="/r", settings=settings).stages == stages[: stages.index(_SHAPE)]


def test_without_a_folder_there_is_nowhere_to_keep_a_picture() -> None:
    assert Locate(job="a", photo="/p.png", settings=PHOTO).stages == (_LOCATE,)


def test_an_edit_alone() -> None:
    assert Edit(job="a", photo="/p.png", run_folder="/r").stages == (_EDIT,)


def test_every_preset_has_a_text_and_own_words_come_first() -> None:
    assert list(PROMPTS) == [identifier for identifier, _, _ in PRESETS]
    assert all(PROMPTS[preset] == Settings.of(edit_preset=preset).edit.told for preset in PROMPTS)
    assert Settings.of(edit_prompt=" Paint it blue. ").edit.told == "Paint it blue."


def test_a_text_that_is_too_long_is_refused() -> None:
    check(Settings.of(edit_prompt="x" * 2000))
    with pytest.raises(Img23DError, match="2000 characters, not 2001"):
        check(Settings.of(edit_prompt="x" * 2001))


def test_which_files_it_works_with() -> None:
    assert Settings().edit.file_sets() == ()  # off: nothing is downloaded for it
    assert Settings.of(edit=True).edit.file_sets() == (KLEIN,)
    assert Settings.of(edit=True, edit_model=QWEN_2511, edit_steps="4").edit.file_sets() == (QWEN_2511, f"{QWEN_2511}-lightning-4")


def test_every_engine_heeds_it() -> None:
    assert all(engine.heeds("edit") for engine in REGISTERED)


def test_the_memory_that_it_needs() -> None:
    """From the files' bytes (FLUX.2 klein 7.75 GB, Qwen-Image 40.9 GB) and what computes beside them."""

    def needed(**values: object) -> int:
        settings = Settings.of(edit=True, **values)
        return settings.edit.needed_bytes(settings, {})["edit"]

    assert Settings().edit.needed_bytes(Settings(), {}) == {}
    assert 8.5e9 < needed() < 10e9
    assert 4.5e9 < needed(edit_eight_bits=True) < 5.6e9  # a card of 6 GB
    assert 40e9 < needed(edit_model=QWEN_2511) < 48e9
    assert 21e9 < needed(edit_model=QWEN_2511, edit_eight_bits=True) < 24e9
    assert needed(small_memory=True) < 4e9
