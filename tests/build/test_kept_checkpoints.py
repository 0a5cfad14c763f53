"""The small checkpoints that this repository keeps, since training them takes minutes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("make", Path(__file__).parents[1] / "tiny" / "make.py")
make = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make)
NAMES = [path.name for path in make.KEPT.iterdir()]


@pytest.mark.parametrize("name", NAMES)
def test_it_was_made_from_what_stands_here(name):
    """Else it is trained anew in each checkout: `python tests/tiny/make.py --keep` takes the new one."""
    assert make.is_made(make.KEPT, name)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_as_it_was_written(name):
    folder = make.KEPT / name
    for path, file in json.loads((folder / "img23d.json").read_text(encoding="utf-8"))["files"].items():
        content = (folder / path).read_bytes()
        assert (len(content), "sha256:" + hashlib.sha256(content).hexdigest()) == (file["size"], file["digest"])


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A checkout in which nothing but one set is asked for."""
    monkeypatch.setattr(make, "MODELS", tmp_path / "models")
    monkeypatch.setattr(make, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(make, "MAKERS", {NAMES[0]: make.MAKERS[NAMES[0]]})
    trained: list[list[str]] = []
    monkeypatch.setattr(make, "_make_in_a_process", trained.append)
    shutil.copytree(Path(make.__file__).with_name("kept") / NAMES[0], tmp_path / "kept" / NAMES[0])
    return trained


def test_a_kept_one_is_taken(empty):
    assert make.make_all() == make.MODELS and not empty
    assert {path.name for path in make.MODELS.rglob("*.safetensors")} == {path.name for path in make.KEPT.rglob("*.safetensors")}


def test_one_that_was_made_from_something_else_is_trained(empty):
    (make.KEPT / NAMES[0] / make.STAMP).write_text("something else", encoding="utf-8")
    make.make_all()
    assert empty == [[NAMES[0]]]


def test_only_what_is_current_is_kept(empty):
    shutil.copytree(make.KEPT / NAMES[0], make.MODELS / NAMES[0])
    (make.MODELS / NAMES[0] / make.STAMP).write_text("something else", encoding="utf-8")
    with pytest.raises(SystemExit, match=NAMES[0]):
        make.keep(NAMES[0])
