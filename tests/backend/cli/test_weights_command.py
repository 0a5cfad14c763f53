"""`weights` on the command line, as far as it needs no network: what it prints and with which code it ends."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from img23d_backend.cli import weights as weights_command
from img23d_backend.diagnose.report import report
from img23d_backend.diagnose.weights import findings
from img23d_backend.engines import Engines
from img23d_protocol.messages import Diagnose, Level

LITE = "birefnet-lite"


@pytest.fixture(autouse=True)
def keep_interrupt() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with one set that was copied by hand."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    folder = tmp_path / "models" / LITE
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    return tmp_path / "models"


def weights(models: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    weights_command.add_arguments(parser)
    return weights_command.run(parser.parse_args([*arguments, "--models", str(models)]))


def test_copied_weights_are_adopted_listed_verified_and_deleted(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert weights(models, "adopt", LITE) == 0
    assert weights(models, "list", LITE) == 0
    line = capsys.readouterr().out
    assert line.split()[:2] == [LITE, "ready"] and "MIT" in line and str(models / LITE) in line
    assert weights(models, "verify") == 0
    assert weights(models, "delete", LITE) == 0
    assert not (models / LITE).exists()


def test_the_list_says_where_weights_of_another_place_came_from(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights(models, "adopt", LITE)
    record = models / LITE / "img23d.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"repository": "studio/own", "revision": "c0ffee" + "0" * 34}))
    assert weights(models, "list", LITE) == 0
    told = capsys.readouterr().out
    assert "studio/own" in told and "c0ffee0000" in told


def test_the_doctor_names_models_of_another_version_or_place(models: Path) -> None:
    weights(models, "adopt", LITE)
    record, engines = models / LITE / "img23d.json", Engines(models)
    for changes, words in (({"revision": "c0ffee" + "0" * 34}, "c0ffee0000"), ({"repository": "studio/own", "revision": "1"}, "studio/own")):
        record.write_text(json.dumps(json.loads(record.read_text()) | changes))
        (finding,) = (found for found in findings(Diagnose(job="d"), engines) if found.what == "BiRefNet lite")
        assert finding.level is Level.NOTE and words in finding.sentence and words in report(engines)


def test_verify_alone_takes_all_that_are_there(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights(models, "adopt", LITE)
    content = bytearray((models / LITE / "model.safetensors").read_bytes())
    content[77] ^= 1
    (models / LITE / "model.safetensors").write_bytes(content)
    assert weights(models, "verify") == 1
    assert "missing or damaged" in capsys.readouterr().err


def test_a_command_without_weights_says_where_to_find_them(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert weights(models, "delete") == 2
    assert "weights list" in capsys.readouterr().err
    assert (models / LITE).exists()


def test_offline_nothing_is_downloaded(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert weights(models, "download", "birefnet-hr", "--offline") == 1
    assert "allow online access" in capsys.readouterr().err
