"""The reference service's own commands against the running server, with TRELLIS's networks in small: PLY and SPZ come out.

IMG23D_LEARNED_PYTHON is the Python of the models, IMG23D_TINY_MODELS a models folder made by tests/tiny; build_addon.py test sets both.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import os
import shlex
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON, MODELS = os.environ.get("IMG23D_LEARNED_PYTHON", ""), os.environ.get("IMG23D_TINY_MODELS", "")
LACKING = next(
    (
        reason
        for reason, is_lacking in (
            ("IMG23D_LEARNED_PYTHON and IMG23D_TINY_MODELS are not set", not (PYTHON and MODELS)),
            ("Starlette is not installed", importlib.util.find_spec("starlette") is None),
            ("no curl", shutil.which("curl") is None),
        )
        if is_lacking
    ),
    "",
)
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING or "there")
sys.path.insert(0, str(ROOT / "tests" / "backend" / "service"))

# As its README has them; the port alone is another one here
GENERATE = """curl -X POST "http://localhost:10006/generate" \\
  -F "prompt_image_file=@image.png" \\
  -F "seed=42" \\
  -o model.ply"""
GENERATE_SPZ = """curl -X POST "http://localhost:10006/generate-spz" \\
  -F "prompt_image_file=@image.png" \\
  -F "seed=42" \\
  -o model.spz"""
FROM_BASE64 = """curl -X POST "http://localhost:10006/generate_from_base64" \\
  -H "Content-Type: application/json" \\
  -d '{
    "prompt_type": "image",
    "prompt_image": "<base64_encoded_image>",
    "seed": 42
  }'"""
# A row of splats as trainers write it
PROPERTIES = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    from service_desk import Server

    settings = {"IMG23D_SERVE_ENGINE": "trellis", "IMG23D_PYTHON": PYTHON, "IMG23D_MODELS": MODELS, "SEND_GENERATED_FILES": "true", "OMP_NUM_THREADS": "1"}
    settings |= {"QWEN_EDIT_MODEL_PATH": "black-forest-labs/FLUX.2-klein-4B"}  # which there is in small
    settings |= {"TRELLIS_SPARSE_STRUCTURE_STEPS": "4", "TRELLIS_SLAT_STEPS": "2", "TRELLIS_NUM_OVERSAMPLES": "1"}  # enough to come to something
    server = Server(tmp_path_factory.mktemp("server"), settings=settings, small=False).start()
    yield server.ready().port
    server.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import cv2
    import numpy as np

    folder = tmp_path_factory.mktemp("client")
    picture = np.full((160, 160, 3), 230, np.uint8)
    cv2.circle(picture, (80, 80), 50, (20, 30, 200), -1)
    cv2.imwrite(str(folder / "image.png"), picture)
    return folder


def curl(port: int, command: str, folder: Path) -> bytes:
    words = shlex.split(command.replace("\\\n", " ").replace("localhost:10006", f"localhost:{port}"))
    return subprocess.run([words[0], "--silent", "--show-error", "--fail", *words[1:]], cwd=folder, check=True, capture_output=True, timeout=120).stdout


def picture_of(data: bytes):
    import cv2
    import numpy as np

    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def splats_of_spz(data: bytes) -> int:
    """By the format's description: gzip, then magic, version and number of points."""
    magic, version, count = struct.unpack_from("<4sII", gzip.decompress(data))
    assert magic == b"NGSP" and version in (2, 3)
    return count


def test_the_three_commands(port: int, folder: Path) -> None:
    curl(port, GENERATE, folder)
    header, _, rows = (folder / "model.ply").read_bytes().partition(b"end_header\n")
    lines = header.decode("ascii").splitlines()
    count = int(next(line for line in lines if line.startswith("element vertex")).split()[-1])
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"] and [line.split()[-1] for line in lines if line.startswith("property float")] == PROPERTIES
    assert count > 0 and len(rows) == count * 68
    curl(port, GENERATE_SPZ, folder)
    assert splats_of_spz((folder / "model.spz").read_bytes()) == count  # of the same seed
    answer = json.loads(curl(port, FROM_BASE64.replace("<base64_encoded_image>", base64.b64encode((folder / "image.png").read_bytes()).decode()), folder))
    assert list(answer) == ["generation_time", "ply_file_base64", "image_edited_file_base64", "image_without_background_file_base64"]
    assert splats_of_spz(base64.b64decode(answer["ply_file_base64"])) == count and answer["generation_time"] > 0
    assert base64.b64decode(answer["image_without_background_file_base64"])[:8] == b"\x89PNG\r\n\x1a\n"
    edited, sent = (picture_of(data) for data in (base64.b64decode(answer["image_edited_file_base64"]), (folder / "image.png").read_bytes()))
    assert edited.shape == sent.shape and (edited != sent).any()
