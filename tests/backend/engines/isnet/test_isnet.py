"""The cut-out network: its file is believed only whole, and its numbers are the file's. What is done with it: test_isnet_matte.py."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.engines.isnet import network_file
from img23d_backend.engines.isnet.network import Network
from img23d_backend.engines.isnet.network_file import FOLDER, NetworkFile
from img23d_protocol import ErrorCode, Img23DError

# A convolution (3 channels to 1, 3 x 3, a rim of 1) and a sigmoid, without the weights "v0.weight" and "v0.bias": ModelProto as the onnx
# package wrote it
GRAPH = base64.b64decode(
    "CAg6rAEKTwoFaW5wdXQKCXYwLndlaWdodAoHdjAuYmlhcxICdjAiBENvbnYqFQoMa2VybmVsX3NoYXBlQANAA6ABByoRCgRwYWRzQAFAAUABQAGgAQcKEQoCdjASAnYx"
    "IgdTaWdtb2lkEgduZXR3b3JrWh8KBWlucHV0EhYKFAgBEhAKAggBCgIIAwoCCEAKAghAYhwKAnYxEhYKFAgBEhAKAggBCgIIAQoCCEAKAghAQgQKABAP"
)
# In 10 bits: number 4 of the 27 weights 509, number 13 -202, number 22 11, number 1 80
WEIGHT = np.zeros((1, 3, 3, 3), np.int8)
WEIGHT[0, :, 1, 1] = (127, -51, 2)  # of red, green and blue of the pixel itself: the weights by 4, rounded down
WEIGHT[0, 0, 0, 1] = 20  # of red of the pixel above
SCALE, BIAS = 1 / 128, -0.25
LOW = np.zeros(7, np.uint8)  # the remainders, four a byte, the first in the lowest bits
LOW[[4 // 4, 13 // 4, 22 // 4]] = (1 << 0, 2 << 2, 3 << 4)
# In 12 bits: 4 times the same and 2 more for number 22; the remainders by 16, two a byte
LOW_OF_16 = np.zeros(14, np.uint8)
LOW_OF_16[[4 // 2, 13 // 2, 22 // 2]] = (4 << 0, 8 << 4, 14 << 0)
TENSORS = {
    "graph": ("U8", np.frombuffer(GRAPH, np.uint8)),
    "v0.weight": ("I8", WEIGHT),
    "v0.weight.low": ("U8", LOW),
    "v0.weight.scale": ("F32", np.float32([SCALE])),
    "v0.bias": ("F32", np.float32([BIAS])),
}


def packed(tensors: dict[str, tuple[str, np.ndarray]], **changes: dict[str, object]) -> bytes:
    """As the safetensors format lays it out: 8 bytes with the length of the JSON, the JSON, the data."""
    header: dict[str, object] = {"__metadata__": {"format": "x"}}
    data = b""
    for name, (kind, values) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        header[name] |= changes.get(name.replace(".", "_"), {})
        data += values.tobytes()
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def written(path: Path, content: bytes) -> NetworkFile:
    path.write_bytes(content)
    return NetworkFile(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture
def file(tmp_path: Path) -> NetworkFile:
    return written(tmp_path / "small.safetensors", packed(TENSORS))


STORED = {
    "10 bits": ({}, 11),
    "12 bits": ({"v0.weight.low": ("U8", LOW_OF_16), "v0.weight.scale": ("F32", np.float32([SCALE / 4]))}, 11.5),
    "32 bits": ({"v0.weight": ("F32", np.float32([509, -202, 11])[None, :, None, None] * np.pad([[SCALE]], 1).astype("<f4"))}, 11),
}


@pytest.mark.parametrize("side", [64, 128])
@pytest.mark.parametrize("stored", STORED)
def test_the_network_computes_what_its_file_says(tmp_path: Path, stored: str, side: int) -> None:
    changes, blue = STORED[stored]
    file = written(tmp_path / "small.safetensors", packed(TENSORS | changes))
    red_above = 0 if stored == "32 bits" else 80
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    given = (picture.astype(np.float64) - 128) / 256
    above = np.vstack([np.zeros((1, side)), given[:-1, :, 0]])  # the rim is black, which is 0 here
    expected = 1 / (1 + np.exp(-(given @ (509, -202, blue) + red_above * above) * SCALE - BIAS))
    assert np.abs(Network(file).matte(picture, side) - expected).max() < 1e-4


@pytest.mark.parametrize("shape", [(90, 300), (300, 90), (1, 1), (64, 2000)])
def test_a_matte_has_its_pictures_size(file: NetworkFile, shape: tuple[int, int]) -> None:
    matte = Network(file).matte(np.full((*shape, 3), 128, np.uint8), 64)
    assert matte.shape == shape and matte.dtype == np.float32
    assert np.allclose(matte, 1 / (1 + np.exp(-BIAS)), atol=1e-4)


def test_the_file_is_read_once_and_given_back(file: NetworkFile) -> None:
    network, picture = Network(file), np.zeros((64, 64, 3), np.uint8)
    assert network.is_installed and network.unload() == 0
    first = network.matte(picture, 64)
    file.path.unlink()
    assert np.array_equal(network.matte(picture, 64), first)
    assert network.unload() > 0 and network.unload() == 0 and not network.is_installed
    with pytest.raises(Img23DError) as caught:
        network.matte(picture, 64)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


def test_damaged_bytes_are_told_and_never_a_crash(file: NetworkFile) -> None:
    whole = file.path.read_bytes()
    random = np.random.default_rng(7)
    flipped = [(place, bytes([whole[place] ^ 1 << int(random.integers(8))])) for place in random.integers(0, len(whole), 40)]
    cases = [whole[:place] + byte + whole[place + 1 :] for place, byte in flipped]
    cases += [whole[:length] for length in (0, 1, 7, 8, 100, len(whole) - 1)] + [whole + b"\0", b"PK\3\4" + whole[4:]]
    for case in cases:
        file.path.write_bytes(case)
        assert_damaged(file)


def assert_damaged(file: NetworkFile) -> None:
    with pytest.raises(Img23DError) as caught:
        Network(file).matte(np.zeros((64, 64, 3), np.uint8), 64)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED
    assert caught.value.sentence == "The file of the cut-out network is damaged: install Img23D again from its zip."


LIES = {
    "no header": b"\xff" * 64,
    "a header that is too long": (10**9).to_bytes(8, "little") + b"{}",
    "no JSON": (4).to_bytes(8, "little") + b"{{{{",
    "JSON of another kind": (2).to_bytes(8, "little") + b"[]",
    "beyond the end": packed(TENSORS, v0_bias={"data_offsets": [10**6, 10**6 + 4]}),
    "another length than its shape": packed(TENSORS, v0_weight={"shape": [1, 3, 3, 4]}),
    "a negative place": packed(TENSORS, v0_bias={"data_offsets": [-4, 0]}),
    "an unknown type": packed(TENSORS, v0_weight={"dtype": "F8"}),
    "a row that is none": packed(TENSORS, v0_weight={"data_offsets": None}),
    "no graph": packed({name: one for name, one in TENSORS.items() if name != "graph"}),
    "no scale": packed({name: one for name, one in TENSORS.items() if name != "v0.weight.scale"}),
    "no weight": packed({name: one for name, one in TENSORS.items() if name != "v0.weight"}),
    "a graph that is none": packed(TENSORS | {"graph": ("U8", np.full(200, 255, np.uint8))}),
    "a scale of another length": packed(TENSORS | {"v0.weight.scale": ("F32", np.ones(5, np.float32))}),
    "no lower bits": packed({name: one for name, one in TENSORS.items() if name != "v0.weight.low"}),
    "too few lower bits": packed(TENSORS | {"v0.weight.low": ("U8", LOW[1:])}),
    "lower bits of another type": packed(TENSORS | {"v0.weight.low": ("F32", np.ones(7, np.float32))}),
    "weights of another shape": packed(TENSORS | {"v0.weight": ("I8", np.ones((1, 2, 3, 3), np.int8))}),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_with_its_own_hash_that_is_no_network(tmp_path: Path, lie: str) -> None:
    assert_damaged(written(tmp_path / "lie.safetensors", LIES[lie]))


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert_damaged(NetworkFile(path=tmp_path / "x", size=1, sha256=""))


@pytest.mark.parametrize(
    ("lock", "code"),
    [
        (None, ErrorCode.WEIGHTS_MISSING),
        ("", ErrorCode.WEIGHTS_DAMAGED),
        ("not = = toml", ErrorCode.WEIGHTS_DAMAGED),
        ('[[network]]\nname = "other"\n', ErrorCode.WEIGHTS_DAMAGED),
        ('[[network]]\nname = "isnet"\n', ErrorCode.WEIGHTS_DAMAGED),
        ("network = 3", ErrorCode.WEIGHTS_DAMAGED),
    ],
)
def test_a_lock_that_does_not_name_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str | None, code: ErrorCode) -> None:
    if lock is not None:
        (tmp_path / "networks.lock.toml").write_text(lock)
    monkeypatch.setattr(network_file.installed, "__defaults__", (tmp_path,))
    network = Network()
    with pytest.raises(Img23DError) as caught:
        network.matte(np.zeros((64, 64, 3), np.uint8), 64)
    assert caught.value.code is code
    assert network.is_installed == (code is ErrorCode.WEIGHTS_DAMAGED)  # so that what is wrong is told, and what is not there is not


# --- the trained network itself -----------------------------------------------------------------------------------------

DEMO = Path(__file__).resolve().parents[4] / "demo" / "plain"


@pytest.mark.skipif(not (FOLDER / "isnet.safetensors").is_file(), reason="the network was not fetched (build_addon.py build)")
def test_the_trained_network_cuts_out_the_demo_duck() -> None:
    """Its outline was rendered with the photo."""
    photo = cv2.cvtColor(cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    names = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"]
    truth = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE) == list(names).index("yellow duck") + 1
    left, top, width, height = cv2.boundingRect(truth.astype(np.uint8))
    around = width // 4
    part = np.s_[max(0, top - around) : top + height + around, max(0, left - around) : left + width + around]
    matte = Network().matte(np.ascontiguousarray(photo[part]), 320)
    solid = matte >= 0.5
    assert np.count_nonzero(solid & truth[part]) / np.count_nonzero(solid | truth[part]) > 0.95
