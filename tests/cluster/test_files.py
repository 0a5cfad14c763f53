"""Files on the way between two machines, without Ray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from img23d_backend.cluster.files import Mark, Sent, Watched, inputs_of, is_seen, keep, with_inputs
from img23d_protocol.messages import Generate, Paint


def test_the_mark_is_seen_only_where_it_is(tmp_path: Path) -> None:
    mark = Mark(tmp_path)
    assert is_seen(mark.path, mark.token) and not is_seen(mark.path, "another") and not is_seen(tmp_path / "no" / "mark", mark.token)
    mark.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_job_reads_comes_along(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "тело.npz").write_bytes(b"mesh")
    (here / "photo.jpg").write_bytes(b"picture")
    request = Paint(job="a", mesh=str(here / "тело.npz"), picture=str(here / "photo.jpg"), run_folder="run")
    inputs = inputs_of(request)
    assert {field: sent.data for field, sent in inputs.items()} == {"mesh": b"mesh", "picture": b"picture"}
    assert with_inputs(request, inputs, there) == request  # the same disk
    (here / "photo.jpg").write_bytes(b"another")
    (here / "тело.npz").unlink()
    moved = with_inputs(request, inputs, there)
    assert Path(moved.mesh).read_bytes() == b"mesh" and Path(moved.picture).read_bytes() == b"picture"
    assert Path(moved.mesh).name == "тело.npz" and there in Path(moved.picture).parents


@pytest.mark.parametrize("photo", ["", "no such photo.jpg", "a\0b.jpg", "."])
def test_what_cannot_be_read_is_left_to_the_job(photo: str) -> None:
    assert inputs_of(Generate(job="a", photo=photo, run_folder="run")) == {}


def test_each_file_is_sent_once_and_again_when_it_changes(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "run")
    assert list(watched.changed()) == []
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "a.glb").write_bytes(b"glTF")
    (tmp_path / "run" / ".b.glb.0123abcd.part").write_bytes(b"half")
    assert list(watched.changed()) == [Sent(name="a.glb", data=b"glTF")] and list(watched.changed()) == []
    (tmp_path / "run" / "a.glb").write_bytes(b"glTF, longer")
    assert [sent.data for sent in watched.changed()] == [b"glTF, longer"]


def test_what_came_lies_in_the_folder_and_names_the_photo_as_here(tmp_path: Path) -> None:
    request = Generate(job="a", photo="/photos/мяч.jpg", run_folder=str(tmp_path / "run"))
    record = {"job": "a", "photo": {"path": "/tmp/elsewhere/photo/мяч.jpg", "sha256": "0"}}
    keep(Sent(name="run.json", data=json.dumps(record).encode()), tmp_path / "run", request)
    assert json.loads((tmp_path / "run" / "run.json").read_bytes())["photo"]["path"] == "/photos/мяч.jpg"
    keep(Sent(name="run.json", data=b"{"), tmp_path / "run", request)
    assert (tmp_path / "run" / "run.json").read_bytes() == b"{"


@pytest.mark.parametrize("name", ["../a.glb", "/etc/a", "a/b.glb", "..", "", "a\0.glb"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError):
        keep(Sent(name=name, data=b""), tmp_path / "run", Generate(job="a", photo="", run_folder=""))
    assert not (tmp_path / "a.glb").exists()
