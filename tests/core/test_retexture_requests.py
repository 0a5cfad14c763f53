"""What a re-texture asks of the backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from blender_img23d.core.retexture_requests import build_paint, build_unwrap
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.codec import decode, encode
from blender_img23d.shared.img23d_protocol.messages import Paint, Settings, UvSource


def paint(picture: str, folder: Path, seed: int = -1, uv: UvSource = UvSource.NEW) -> Paint:
    return build_paint(mesh="/m.npz", picture=picture, name="cup", engine="preview", seed=seed, settings=Settings(), run_folder=folder, uv=uv)


def test_a_painting(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    picture.write_bytes(b"x")
    request = paint(str(picture), tmp_path, uv=UvSource.GIVEN)
    assert (request.mesh, request.picture, request.run_folder) == ("/m.npz", str(picture), str(tmp_path))
    assert request.seed >= 0
    assert decode(encode(request)) == request


def test_a_picture_that_is_gone_is_said_before_a_backend_starts(tmp_path: Path) -> None:
    with pytest.raises(Img23DError) as caught:
        paint(str(tmp_path / "gone.png"), tmp_path)
    assert caught.value.code == ErrorCode.PHOTO_NOT_FOUND


def test_an_unwrapping(tmp_path: Path) -> None:
    request = build_unwrap(mesh="/m.npz", name="cup", uv=UvSource.OWN, texture_size=4096, run_folder=tmp_path)
    assert (request.mesh, request.uv, request.texture_size) == ("/m.npz", UvSource.OWN, 4096)
    assert decode(encode(request)) == request and request.job
