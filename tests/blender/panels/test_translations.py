"""The extension in another language. Blender as a Python module has none, so this takes a Blender that is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import bpy
import pytest
from conftest import part

SCRIPT = Path(__file__).parents[1] / "speak.py"


@pytest.fixture(scope="module")
def answers(installed) -> list[dict[str, str]]:
    """In German, in French, which has no catalogue, in English, and without the extension."""
    program = shutil.which(os.environ.get("IMG23D_BLENDER") or "blender")
    if program is None:
        pytest.skip("no Blender with languages: IMG23D_BLENDER may name one")
    command = [program, "-b", "--factory-startup", "--python-exit-code", "1", "--python", str(SCRIPT), "--"]
    done = subprocess.run(
        [*command, "de_DE", "fr_FR", "en_US", "de_DE"],
        env={**os.environ, "BLENDER_USER_RESOURCES": bpy.utils.resource_path("USER")},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.split("@@@")[1])


def test_a_catalogue_changes_labels_buttons_tooltips_sentences_and_reports(answers):
    german = answers[0]
    assert (german["label"], german["button"]) == ("Im Foto gefunden", "Erzeugen")
    assert german["tooltip"] == "Alle Einstellungen der Qualität auf einmal setzen"
    assert "zuerst rendern" in german["report"]
    assert "Ohne Namen wird aus dem ganzen Bild ein Objekt." in german["panel"] and "KI-Modelle" in german["panel"]


def test_without_a_catalogue_it_is_english_in_the_midst_of_the_other_language(answers):
    _, french, english, _, _ = answers
    assert french["blender"] == "Ajouter" and english["blender"] == "Add"
    for shown in (french, english):
        assert shown["label"] == "Found in the Photo"
        assert "render first" in shown["report"] and "the whole picture becomes one object" in shown["panel"]


def test_it_can_be_changed_back_and_goes_with_the_extension(answers):
    assert answers[3] == answers[0]
    assert answers[4]["button"] == "Generate"


def test_english_reads_no_catalogue(owner, monkeypatch):
    translations = part("translations")

    def read(*_: object) -> None:
        raise AssertionError("a catalogue was read")

    monkeypatch.setattr(json, "loads", read)
    translations.load()
