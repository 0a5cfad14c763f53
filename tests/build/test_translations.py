"""The catalogues of translations against the source that they translate."""

from __future__ import annotations

import ast
import re
import string

import pytest

from devtools import messages
from devtools.shown import shown_in

CATALOGUES = messages.catalogues()
SHOWN = messages.messages()


def places(text: str) -> list[tuple[str, str]]:
    return sorted((name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", CATALOGUES)
def test_each_entry_is_shown_somewhere(language: str):
    gone = [text for text in CATALOGUES[language] if text not in SHOWN]
    assert not gone, f"build_addon.py messages {language} --prune takes these out: {gone}"


@pytest.mark.parametrize("language", CATALOGUES)
def test_each_translation_has_the_same_places_for_names_and_numbers(language: str):
    different = [text for text, translation in CATALOGUES[language].items() if places(text) != places(translation)]
    assert not different


@pytest.mark.parametrize("language", CATALOGUES)
def test_each_translation_is_a_text_that_ends_as_the_original(language: str):
    for text, translation in CATALOGUES[language].items():
        assert translation.strip() == translation and translation, text
        assert translation.endswith((".", "!", "?")) == text.endswith((".", "!", "?")), f"Blender ends tooltips itself: {text}"
        assert text.startswith("Img23D: ") == translation.startswith("Img23D: "), text


def test_german_has_what_a_beginner_reads():
    german = CATALOGUES["de_DE"]
    beginners = r"panels/(main|photo|first_run|targets|running|results|retexture|models|setup_progress)\.py"
    lacking = [text for text, where in SHOWN.items() if re.match(beginners, where[0]) and text not in german]
    assert len(lacking) <= 0.1 * len(german), lacking


def test_what_is_shown_is_found_and_what_is_not_is_left_out():
    source = """
'''A docstring of the module.'''
class A:
    bl_label = "Make Objects"
    def draw(self, layout):
        '''A docstring inside.'''
        layout.label(text="Two " "parts")
        layout.label(text=_("{count} things").format(count=2), icon="ERROR")
        log.info("Nothing that is shown")
        name = f"Run {self.number} of them"
        self.bl_idname = "IMG23D_PT_main"
"""
    translatable = [one.text for one in shown_in(ast.parse(source)) if not one.is_filled]
    assert translatable == ["Make Objects", "Two parts", "{count} things"]
