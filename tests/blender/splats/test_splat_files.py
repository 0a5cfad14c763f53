"""Files of splats are read and written as their formats say; what is damaged ends in a sentence."""

from __future__ import annotations

import gzip
import math
import random
import struct

import numpy as np
import pytest
import zstandard
from conftest import part
from shared_errors import sentence_of
from splat_files import Splat, about, opened_ply, opened_spz, ply, spz
from splat_maths import RDF, RUB, added, covariance

FIELD = [
    Splat(
        place=(0.25 * i - 1.0, 0.5 - 0.1 * i, 0.125 * i),
        scale=(0.01 * (i + 1), 0.3, 0.02),
        turn=about((1.0, 0.5 * i, -0.3), 20.0 + 40.0 * i),
        opacity=0.1 + 0.08 * i,
        color=(0.1 * i, 0.5, 1.0 - 0.1 * i),
    )
    for i in range(10)
]
VERSIONS = {"v2": 2, "v3": 3, "v4": 4}


@pytest.fixture
def read(installed, tmp_path):
    def read(data: bytes, **more):
        path = tmp_path / "one.bin"  # what it is stands in the file, not in its name
        path.write_bytes(data)
        return part("scene.splats.formats.files").read_splats(path, **more)[0]

    return read


@pytest.fixture
def refusal(read):
    return lambda data: sentence_of(lambda: read(data))


def with_rest(count: int) -> list[Splat]:
    return [Splat(place=(float(i), 0.0, 0.0), rest=tuple((0.25 * (k % 3) - 0.25, 0.5 - 0.0625 * k, 0.125 * i) for k in range(count))) for i in range(3)]


def assert_same(splats, wanted: list[Splat], axes: np.ndarray, *, place=1e-6, color=1e-5, opacity=1e-6, spread=1e-5) -> None:
    assert len(splats) == len(wanted)
    for index, one in enumerate(wanted):
        assert np.allclose(splats.positions[index], axes @ one.place, atol=place)
        assert np.allclose(0.5 + 0.28209479 * splats.constants[index], one.color, atol=color)
        assert abs(splats.opacities[index] - one.opacity) < opacity
        was = axes @ covariance(one.scale, one.turn) @ axes.T
        now = covariance(splats.scales[index], splats.rotations[index])
        assert np.abs(now - was).max() < spread * np.trace(was), f"splat {index} has another form"


def test_ply_of_trainers(read):
    assert_same(read(ply(FIELD)), FIELD, RDF)


def test_ply_with_its_properties_in_another_order(read):
    names = list(opened_ply(ply(FIELD))[0])
    random.Random(4).shuffle(names)
    assert_same(read(ply(FIELD, names=[name for name in names if not name.startswith("n")])), FIELD, RDF)


@pytest.mark.parametrize(("kind", "order"), [("double", "little"), ("float", "big"), ("double", "big")])
def test_ply_of_other_numbers(read, kind, order):
    assert_same(read(ply(FIELD, kind=kind, order=order, before=b"abc")), FIELD, RDF)


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_spz(read, version):
    """To half a step of its codes; the first three components of version 2 have the coarsest ones."""
    splats = read(spz(FIELD, version))
    assert_same(splats, FIELD, RUB, place=1.3e-4, color=0.004 / 0.15 / 2 * 0.29, opacity=0.002, spread=0.5 if version == 2 else 0.07)


def test_spz_of_a_service_that_packs_it_otherwise(read):
    """Version 2 as one zstd stream instead of gzip."""
    data = zstandard.compress(gzip.decompress(spz(FIELD, 2)))
    assert len(read(data)) == len(FIELD)


def test_spz_with_other_fractional_bits(read):
    assert_same(read(spz(FIELD, 3, bits=18)), FIELD, RUB, place=2e-6, color=0.01, opacity=0.002, spread=0.07)


@pytest.mark.parametrize("data", [ply, *(lambda s, v=v: spz(s, v) for v in VERSIONS.values())], ids=["ply", *VERSIONS])
def test_a_long_thin_splat_lies_as_it_lay(read, data):
    """A needle a hundred times as long as it is thick, 30 degrees from the file's x towards its y: down in a PLY, up in an SPZ."""
    needle = [Splat(scale=(1.0, 0.01, 0.01), turn=about((0.0, 0.0, 1.0), 30.0))]
    splats = read(data(needle))
    values, vectors = np.linalg.eigh(covariance(splats.scales[0], splats.rotations[0]))
    long = vectors[:, 2] * np.sign(vectors[0, 2])
    up = -0.5 if data is ply else 0.5
    assert np.allclose(long, (math.cos(math.radians(30)), 0.0, up), atol=0.02)
    assert math.sqrt(values[2]) == pytest.approx(1.0, rel=0.04) and math.sqrt(values[0]) == pytest.approx(0.01, rel=0.04)


# --- view-dependent colours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 8, 15])
@pytest.mark.parametrize(("data", "axes"), [(ply, RDF), (lambda s: spz(s, 3), RUB), (lambda s: spz(s, 4), RUB)], ids=["ply", "v3", "v4"])
def test_harmonics_are_seen_from_the_same_side(read, data, axes, count):
    wanted = with_rest(count)
    splats = read(data(wanted))
    assert splats.harmonics.shape == (3, count, 3)
    for direction in ((1.0, 0.0, 0.0), (0.0, 0.6, 0.8), (-0.48, 0.64, 0.6)):
        for index, one in enumerate(wanted):
            now = added(splats.harmonics[index], axes @ direction)
            assert np.allclose(now, added(one.rest, np.array(direction)), atol=1e-5 if data is ply else 0.02)


@pytest.mark.parametrize("data", [ply, lambda s: spz(s, 3), lambda s: spz(s, 4)], ids=["ply", "v3", "v4"])
def test_of_a_fourth_degree_the_first_three_are_kept(read, data):
    assert np.abs(read(data(with_rest(24))).harmonics - read(data(with_rest(15))).harmonics).max() == pytest.approx(0.0, abs=1e-6)


# --- writing --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(read, tmp_path):
    def written(splats: list[Splat], name: str) -> bytes:
        part("scene.splats.formats.files").write_splats(tmp_path / name, read(ply(splats)))
        return (tmp_path / name).read_bytes()

    return written


@pytest.mark.parametrize("count", [0, 3, 8, 15])
def test_a_ply_is_written_as_it_was_read(written, count):
    wanted = with_rest(count) if count else FIELD
    rows, again = opened_ply(ply(wanted)), opened_ply(written(wanted, "a.ply"))
    assert list(again[0]) == [
        *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *(f"f_rest_{i}" for i in range(3 * count))),
        *("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
    ]
    for old, new in zip(rows, again, strict=True):
        side = 1.0 if sum(old[f"rot_{i}"] * new[f"rot_{i}"] for i in range(4)) > 0 else -1.0
        for name, value in old.items():
            assert new[name] * (side if name.startswith("rot") else 1.0) == pytest.approx(value, abs=2e-5), name


def test_an_spz_is_written_as_its_format_says(written):
    found, axes = opened_spz(written(FIELD, "a.spz")), RUB.T @ RDF
    for index, one in enumerate(FIELD):
        assert np.allclose(found["place"][index], axes @ one.place, atol=5e-6)
        assert np.allclose(found["scale"][index], one.scale, rtol=0.04)
        assert np.allclose(found["color"][index], one.color, atol=0.005)
        assert found["opacity"][index] == pytest.approx(one.opacity, abs=0.002)
        was = axes @ covariance(one.scale, one.turn) @ axes.T
        assert np.abs(covariance(found["scale"][index], found["turn"][index]) - was).max() < 0.07 * np.trace(was)


def test_an_spz_keeps_its_harmonics(written):
    wanted = with_rest(15)
    rest = np.array(opened_spz(written(wanted, "a.spz"))["rest"]).reshape(3, 15, 3)
    for index, one in enumerate(wanted):
        was = added(one.rest, np.array((0.0, 0.6, 0.8)))
        assert np.allclose(added(rest[index], np.array((0.0, -0.6, -0.8))), was, atol=0.2), "rounded to four bits"


def test_a_large_scene_fits_into_an_spz(written):
    far = [Splat(place=(5000.0, -7.0, 3.0)), Splat(place=(0.0, 0.0, -30000.0))]
    found = opened_spz(written(far, "a.spz"))["place"]
    assert np.allclose(found, [(5000.0, 7.0, -3.0), (0.0, 0.0, 30000.0)], atol=0.01)


# --- what cannot be shown -------------------------------------------------------------------------------------------------

_MESH = (
    b"ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    + bytes(28)
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "holds no splats"),
        (b"GIF89a and more", "no file of splats"),
        (_MESH, "File > Import > Stanford PLY"),
        (_MESH.replace(b"binary_little_endian", b"ascii"), "written as text"),
        (ply(FIELD, without=("scale",)), "no sizes"),
        (ply(FIELD, without=("rot",)), "no rotations"),
        (ply(FIELD, without=("opacity",)), "no opacity"),
        (ply(FIELD, without=("f_dc",)), "no colours"),
        (ply(FIELD, without=("x",)), "no positions"),
        (ply(with_rest(8), without=("f_rest_23",)), "not complete"),
        (ply(FIELD)[:-1], "ends in the middle"),
        (ply(FIELD)[:100], "ends in the middle"),
        (ply(FIELD).replace(b"vertex 10", b"vertex 99999999"), "more splats than"),
        (ply(FIELD).replace(b"vertex 10", b"vertex 0"), "holds no splats"),
        (ply(FIELD).replace(b"property float x", b"property flaot x"), "damaged"),
        (spz(FIELD, 3)[:-9], "ends in the middle"),
        (spz(FIELD, 3)[:-60], "ends in the middle"),
        (spz(FIELD, 4)[:-9], "ends in the middle"),
        (spz(FIELD, 4)[:20], "ends in the middle"),
        (gzip.compress(b"something else"), "ends in the middle"),
        (gzip.compress(b"something else, and longer"), "damaged"),
        (gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 0, 0, 12, 0, 0)), "holds no splats"),
        (gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 4_000_000_000, 0, 12, 0, 0)), "more splats than"),
        (gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 4, 0, 12, 0, 0)), "ends in the middle"),
        (struct.pack("<4sIIBBBBI12x", b"NGSP", 5, 4, 0, 12, 0, 5, 32), "newer version"),
        (gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 1, 4, 0, 12, 0, 0)), "never in use"),
        (struct.pack("<4sIIBBBBI12x", b"NGSP", 4, 4, 0, 12, 0, 5, 4_000_000_000), "ends in the middle"),
    ],
)
def test_what_is_refused(refusal, data, said):
    assert said in refusal(data)


def test_an_spz_that_says_it_is_large_is_not_believed(refusal):
    """Twenty million splats of nothing would be 400 MB of zeros out of a file of 1 kB."""
    assert "ends in the middle" in refusal(gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 20_000_000, 0, 12, 0, 0) + bytes(10_000)))


def test_without_zstd_the_sentence_says_what_to_do(refusal, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert "save it as SPZ 3 or as PLY" in refusal(spz(FIELD, 4))


@pytest.mark.parametrize("which", ["x", "scale_1", "rot_2", "f_dc_0", "opacity"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_splats_without_numbers_are_left_out(installed, tmp_path, which, value):
    names = list(opened_ply(ply(FIELD))[0])
    data = bytearray(ply(FIELD))
    start = data.index(b"end_header\n") + 11 + 4 * (3 * len(names) + names.index(which))
    data[start : start + 4] = struct.pack("<f", value)
    path = tmp_path / "a.ply"
    path.write_bytes(data)
    splats, left_out = part("scene.splats.formats.files").read_splats(path)
    has_meaning = math.isinf(value) and (which == "opacity" or (which == "scale_1" and value < 0))  # quite opaque, quite flat
    assert (len(splats), left_out) == ((10, 0) if has_meaning else (9, 1))
    assert all(np.isfinite(values).all() for values in vars(splats).values())


def test_none_with_numbers_is_a_sentence(refusal):
    data = bytearray(ply(FIELD[:1]))
    start = data.index(b"end_header\n") + 11
    data[start : start + 4] = struct.pack("<f", math.nan)
    assert "None of the splats" in refusal(bytes(data))


def _mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(changed)) if chance.random() < 0.5 else chance.randrange(min(len(changed), 600))  # the header
        match chance.randrange(4):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                changed[place] ^= 1 << chance.randrange(8)
            case 2:
                del changed[place : place + chance.choice((1, 4, 40))]
            case _:
                changed[place:place] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4, 40))))
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize("kind", ["ply", "v2", "v3", "v4", "unpacked v3"])
def test_changed_files_end_in_a_sentence_or_in_splats(installed, tmp_path, kind):
    chance, path, errors = random.Random(kind), tmp_path / "a.bin", part("shared.img23d_protocol.errors")
    whole = ply(with_rest(3)) if kind == "ply" else spz(with_rest(3), int(kind[-1]))
    refused = 0
    for _ in range(400):  # of each of five kinds: 2,000 files
        if kind.startswith("unpacked"):  # what a checksum would have found otherwise
            path.write_bytes(gzip.compress(_mutated(gzip.decompress(whole), chance), compresslevel=0))
        else:
            path.write_bytes(_mutated(whole, chance))
        try:
            splats, _ = part("scene.splats.formats.files").read_splats(path)
        except errors.Img23DError as error:
            assert error.sentence.endswith(".")
            refused += 1
        else:
            assert 0 < len(splats) and all(np.isfinite(values).all() for values in vars(splats).values())
            assert np.allclose(np.linalg.norm(splats.rotations, axis=1), 1.0, atol=1e-5)
    assert 20 < refused
