"""A number of faces for one thing of a run, whatever the others get."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline_case import TWO, files, only, photo, record, request, run  # noqa: F401
from small_engine import SmallEngine
from test_variants import faces_in

from img23d_backend.cli.commands import run as command
from img23d_protocol.messages import Failed, ResultReady, Settings
from img23d_protocol.options.preview import LIGHT_CUTTER

FEW = Settings.of(cutter=LIGHT_CUTTER, faces=2000, texture=False)


def test_the_preview_engine_gives_each_thing_its_own_number(photo: Path) -> None:
    told = run(request(photo, replace(TWO[0], faces=600), TWO[1], engine="preview", settings=FEW))
    first, second = (faces_in(path) for path in files(told, ResultReady))
    assert first <= 600 < second <= 2000
    assert [one["wanted_faces"] for one in record(photo)["targets"]] == [600, 0]


@pytest.mark.parametrize(("faces", "outline", "learned"), [(0, 2000, 40_000), (600, 600, 600), (3_000_000, 200_000, 3_000_000)])
def test_what_an_engine_is_asked_for(photo: Path, faces: int, outline: int, learned: int) -> None:
    engine, seen = SmallEngine(), []
    shape = engine.shape
    engine.shape = lambda cutout, settings, context: seen.append(settings) or shape(cutout, settings, context)
    run(request(photo, replace(TWO[0], faces=faces), settings=FEW), engine)
    assert [(one.preview.outlines.faces, one.hunyuan3d.shape.faces) for one in seen] == [(outline, learned)]


@pytest.mark.parametrize("faces", [1, 499, 5_000_001, -4])
def test_a_number_that_makes_no_sense_is_refused(photo: Path, faces: int) -> None:
    (failed,) = run(request(photo, replace(TWO[0], faces=faces)))
    assert type(failed) is Failed and failed.sentence == "The faces of “cup” must be 500 to 5000000, or 0 for the usual number."


def test_the_command_line_takes_a_number_for_a_name(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(photo.parent / "out")
    options = ["--box", "disc=0,0,120,160", "--box", "plate=120,0,240,160", "--no-texture", "--cutter", LIGHT_CUTTER, "--seed", "1"]
    assert command(["generate", str(photo), "--out", out, *options, "--faces", "2000", "--faces-of", "plate=500", "--json"]) == 0
    disc, plate = (faces_in(target["mesh"]) for target in json.loads(capsys.readouterr().out)["targets"])
    assert plate <= 500 < disc
    for wrong in ("plate=many", "spoon=500"):
        assert command(["generate", str(photo), "--out", out, *options, "--faces-of", wrong]) != 0
        assert f"“{wrong}” is no number of faces" in capsys.readouterr().err
