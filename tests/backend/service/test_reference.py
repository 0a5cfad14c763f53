"""The endpoints of the reference service, with the commands of its own documentation."""

from __future__ import annotations

import base64
import io
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from service_desk import Server, picture, until

from img23d_protocol import ErrorCode

# As its README has them; the port alone is another one here
GENERATE = """curl -X POST "http://localhost:10006/generate" \\
  -F "prompt_image_file=@image.png" \\
  -F "seed=42" \\
  -o model.ply"""
FROM_BASE64 = """curl -X POST "http://localhost:10006/generate_from_base64" \\
  -H "Content-Type: application/json" \\
  -d '{
    "prompt_type": "image",
    "prompt_image": "<base64_encoded_image>",
    "seed": 42
  }'"""
HEALTH = """curl -X GET "http://localhost:10006/health" \\
  -H "Content-Type: application/json" """


def curl(server: Server, command: str, folder: Path) -> bytes:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    words = shlex.split(command.replace("\\\n", " ").replace("localhost:10006", f"localhost:{server.port}"))
    return subprocess.run([words[0], "--silent", "--show-error", *words[1:]], cwd=folder, check=True, capture_output=True, timeout=60).stdout


def test_its_commands_work_as_they_are_documented(server: Server, tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(picture())
    assert curl(server, HEALTH, tmp_path) == b'{"status":"ready"}'
    curl(server, GENERATE, tmp_path)
    assert (tmp_path / "model.ply").read_bytes()[:4] == b"glTF"  # the small engine makes no splats; tests/process has TRELLIS's
    answer = curl(server, FROM_BASE64.replace("<base64_encoded_image>", base64.b64encode(picture()).decode()), tmp_path)
    assert answer.startswith(b'{"generation_time":') and b'"ply_file_base64":"Z2xURg' in answer  # "glTF"


def test_the_bytes_come_with_their_length_and_nothing_is_kept(server: Server) -> None:
    answer = server.post("/generate", {"seed": "7"}, {"prompt_image_file": ("prompt.jpg", picture())})
    assert (answer.status, int(answer.headers["content-length"])) == (200, len(answer.body))
    assert answer.headers["content-type"] == "model/gltf-binary" and "work;dur=" in answer.headers["server-timing"]
    again = server.post("/generate", {"seed": "7"}, {"prompt_image_file": ("prompt.jpg", picture())})
    assert again.body == answer.body
    assert server.get("/v1/jobs").json == {"jobs": []}
    until(lambda: not list((server.folder / "data" / "jobs").iterdir()))


def test_base64_answers_have_the_references_fields(server: Server) -> None:
    asked = {"prompt_image": base64.b64encode(picture()).decode(), "trellis_params": {"slat_steps": 4}}
    answer = server.post_json("/generate_from_base64", asked)
    assert answer.status == 200 and list(answer.json) == [
        "generation_time", "ply_file_base64", "image_edited_file_base64", "image_without_background_file_base64",
    ]  # fmt: skip
    assert answer.json["generation_time"] > 0 and answer.json["image_edited_file_base64"] is None
    assert base64.b64decode(answer.json["image_without_background_file_base64"])[:4] == b"\x89PNG"


def test_several_things_come_as_a_zip(server: Server) -> None:
    message = {"names": "ball"}
    refused = server.post("/generate", message, {"prompt_image_file": ("prompt.jpg", picture())})
    assert refused.status == 400 and "Draw a box" in refused.json["detail"]  # the small engine finds nothing by its name
    with zipfile.ZipFile(io.BytesIO(_packed())) as archive:
        assert archive.namelist() == ["a.glb", "b.glb"] and archive.read("b.glb") == b"2"


def _packed() -> bytes:
    import tempfile

    from img23d_backend.service.reference import _packed as packed

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("a.glb", "b.glb")]
        for number, path in enumerate(paths, 1):
            path.write_text(str(number))
        data, kind = packed(paths)
    assert kind == "application/zip"
    return data


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "prompt_image"),
        ({"prompt_image": "%%%"}, "base64"),
        ({"prompt_image": base64.b64encode(b"no picture").decode()}, "not a picture"),
        ({"prompt_type": "text", "prompt_image": "a mug"}, "picture"),
        ({"prompt_image": "", "seed": 1}, "empty file"),
        ({"prompt_image": "x", "trellis_params": {"slat_steps": "many"}}, "trellis_params.slat_steps"),
        ({"prompt_image": base64.b64encode(picture()).decode(), "engine": "teleport"}, "no engine"),
        ({"prompt_image": base64.b64encode(picture()).decode(), "result": "splats"}, "no splats"),
        ({"prompt_image": base64.b64encode(picture()).decode(), "settings": {"faces": 3}}, "faces"),
        ({"prompt_image": base64.b64encode(picture()).decode(), "seed": 2**40}, "seed"),
    ],
)
def test_what_cannot_be_done_is_said_with_400(server: Server, body, said: str) -> None:
    answer = server.post_json("/generate_from_base64", body)
    assert answer.status == 400 and said in answer.json["detail"], answer.body


def test_a_mesh_has_no_spz(server: Server) -> None:
    answer = server.post("/generate-spz", {}, {"prompt_image_file": ("prompt.jpg", picture())})
    assert answer.status == 400 and "SPZ" in answer.json["detail"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, ErrorCode.BAD_REQUEST),
        ({"prompt_image_file": ("a.png", b"")}, ErrorCode.PHOTO_EMPTY_FILE),
        ({"prompt_image_file": ("a.png", picture()[:300])}, ErrorCode.PHOTO_TRUNCATED),
        ({"wrong_name": ("a.png", picture())}, ErrorCode.BAD_REQUEST),
    ],
)
def test_bad_uploads_are_refused(server: Server, files, code: str) -> None:
    answer = server.post("/generate", {}, files)
    assert (answer.status, answer.json["code"]) == (400, code)


def test_a_backend_that_dies_is_500_and_the_service_stays_up(server: Server) -> None:
    (server.folder / "die").write_text("1")  # not in the warm-up
    try:
        answer = server.post("/generate", {}, {"prompt_image_file": ("prompt.jpg", picture())})
    finally:
        (server.folder / "die").unlink()
    assert (answer.status, answer.json["code"]) == (500, ErrorCode.BACKEND_DIED)
    assert server.post("/generate", {}, {"prompt_image_file": ("prompt.jpg", picture())}).status == 200
