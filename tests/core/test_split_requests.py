"""Requests for parts: what is sent, what is left out, and what cannot be asked for."""

from __future__ import annotations

import json

import pytest

from blender_img23d.core.queue.queued_jobs import Kind, MeshToSplit, QueuedJob, Splitting, Where, from_json, picture_now, to_json
from blender_img23d.core.split_requests import build_close, build_split, file_sets
from blender_img23d.shared.img23d_protocol import Img23DError, ProtocolError
from blender_img23d.shared.img23d_protocol.messages import Settings
from blender_img23d.shared.img23d_protocol.options.settings import splitter_named

SETTINGS = Settings()


def split(tmp_path, **more):
    return build_split(
        **{"name": "duck", "mesh": "/m.npz", "picture": "", "mask": "", "engine": "preview", "seed": 3, "settings": SETTINGS, "run_folder": tmp_path} | more
    )


def test_what_the_built_in_splitter_does_not_look_at_is_left_out(tmp_path):
    photo = tmp_path / "p.png"
    photo.write_bytes(b"x")
    request = split(tmp_path, picture=str(photo), mask=str(photo))
    assert (request.name, request.mesh, request.picture, request.mask, request.seed) == ("duck", "/m.npz", "", "", 3)


def test_it_needs_a_mesh(tmp_path):
    with pytest.raises(Img23DError, match="meshes only"):
        split(tmp_path, mesh="")


def test_each_request_is_another_job(tmp_path):
    assert split(tmp_path).job != split(tmp_path).job
    close = build_close(mesh="/m.npz", labels="/l.npy", run_folder=tmp_path)
    assert (close.mesh, close.labels, close.run_folder) == ("/m.npz", "/l.npy", str(tmp_path))


def test_the_built_in_splitter_needs_no_weights():
    assert file_sets(splitter_named("preview"), SETTINGS.value) == ()


def queued(**more) -> QueuedJob:
    splitting = Splitting(**{"mesh": MeshToSplit(name="duck", uid=7), "engine": "preview", "seed": -1, "settings": SETTINGS} | more)
    return QueuedJob(id="a", kind=Kind.SPLIT, asked=1.0, where=Where(file="/a.blend", scene="Scene"), base_folder="/runs", splitting=splitting)


def read_back(job: QueuedJob) -> QueuedJob:
    return from_json(json.loads(json.dumps(to_json(job))))


def test_what_waits_survives_a_restart(tmp_path):
    photo = tmp_path / "p.png"
    photo.write_bytes(b"x")
    job = queued(picture=picture_now(str(photo)), painted=("[]",), mask="/m.png")
    again = read_back(job)
    assert again.splitting == job.splitting and again.names == ("duck",) and again.meshes == (MeshToSplit(name="duck", uid=7),)
    assert again.pictures == (job.splitting.picture,) and again.parts == 1


@pytest.mark.parametrize("change", [{"mesh": None}, {"view": (1.0,)}, {"seed": -7}, {"painted": ("",) * 300}, {"mask": "a\0b"}])
def test_what_no_button_asks_for_is_not_taken(change):
    with pytest.raises(ProtocolError):
        read_back(queued(**change))


def test_a_double_click_is_one_press():
    assert queued().is_like(queued()) and not queued().is_like(queued(mesh=MeshToSplit(name="cup")))
