"""Several variants of one thing in a run: never the same thing twice, all of them true to the photo, and told as what they are."""

from __future__ import annotations

import itertools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from pipeline_case import TWO, files, only, photo, record, request, run  # noqa: F401
from small_engine import SmallEngine

from img23d_backend.cli.commands import run as command
from img23d_backend.engines.preview.shape.variation import draw_variation
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Mesh
from img23d_protocol.messages import Arranged, CutoutReady, Failed, Finished, Located, ResultReady, Settings, ShapeKind
from img23d_protocol.options.preview import LIGHT_CUTTER


def accessor_of(glb: str, what: str) -> dict[str, object]:
    """From the JSON chunk, which comes first in a GLB (glTF 2.0, section 4.4)."""
    data = Path(glb).read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    primitive = document["meshes"][0]["primitives"][0]
    return document["accessors"][primitive["indices"] if what == "indices" else primitive["attributes"][what]]


def faces_in(glb: str) -> int:
    return accessor_of(glb, "indices")["count"] // 3


def extent(glb: str) -> np.ndarray:
    """(3,) metres; glTF 2.0 demands the bounds of POSITION."""
    accessor = accessor_of(glb, "POSITION")
    return np.subtract(accessor["max"], accessor["min"])


@pytest.mark.parametrize("shape", ["inflate", "revolve", "auto"])
def test_no_two_variants_of_the_preview_engine_are_alike(photo: Path, shape: str) -> None:
    settings = Settings.of(cutter=LIGHT_CUTTER, faces=500, texture=False, shape=ShapeKind(shape))
    told = run(request(photo, *TWO[:1], engine="preview", variants=4, seed=77, settings=settings))
    assert type(told[-1]) is Finished and told[-1].made == 4
    sizes = [extent(path) for path in files(told, ResultReady)]
    assert len(sizes) == 4
    for one, other in itertools.combinations(sizes, 2):
        assert abs(np.log(one[2] / other[2])) > np.log(1.08), "seen from the side one is at least 8 % deeper"
        assert np.allclose(one[:2], other[:2], rtol=1e-3), "from the front, where the photo shows it, all are the same"
    alone = run(request(photo, *TWO[:1], engine="preview", seed=5, settings=settings, run_folder=str(photo.parent / "alone")))
    assert np.allclose(extent(files(alone, ResultReady)[0]), sizes[0]), "the first is the plain one"


def test_one_that_varies_is_the_same_again_for_its_own_seed(photo: Path) -> None:
    settings = Settings.of(cutter=LIGHT_CUTTER, faces=500, texture=False)
    four = run(request(photo, *TWO[:1], engine="preview", variants=4, seed=77, varies=True, settings=settings))
    again = run(request(photo, *TWO[:1], engine="preview", seed=79, varies=True, settings=settings, run_folder=str(photo.parent / "again")))
    third, same = files(four, ResultReady)[2], files(again, ResultReady)[0]
    assert Path(third).read_bytes() == Path(same).read_bytes()
    assert "A variant" in only(four, ResultReady)[2].note


def test_any_four_consecutive_seeds_differ() -> None:
    starts = np.random.default_rng(1).integers(0, 2**31 - 5, 300)
    for start in starts.tolist():
        depths = [draw_variation(start + step).depth for step in range(4)]
        assert all(not 0.8 < depth < 1.25 for depth in depths), "and none is nearly the plain one"
        assert min(abs(np.log(a / b)) for a, b in itertools.combinations(depths, 2)) > np.log(1.08)


def test_a_varied_solid_stays_closed_and_whole() -> None:
    steps = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = [np.stack([np.cos(steps) * np.cos(t), np.sin(steps) * np.cos(t), np.full(24, np.sin(t))], 1) for t in (-1.2, -0.6, 0, 0.6, 1.2)]
    vertices = np.concatenate([[[0, 0, -1.0]], *rings, [[0, 0, 1.0]]]).astype(np.float32)
    faces = [(0, 1 + (i + 1) % 24, 1 + i) for i in range(24)]
    for ring, i in itertools.product(range(4), range(24)):
        a, b = 1 + 24 * ring + i, 1 + 24 * ring + (i + 1) % 24
        faces += [(a, b, b + 24), (a, b + 24, a + 24)]
    faces += [(97 + i, 97 + (i + 1) % 24, 121) for i in range(24)]
    ball = Mesh(vertices=vertices, faces=np.array(faces, np.int32))
    assert not find_defects(ball)
    for seed in range(8):
        varied = draw_variation(seed).applied(ball)
        assert not find_defects(varied)
        assert np.array_equal(varied.vertices[:, :2], ball.vertices[:, :2])
        assert np.array_equal(np.sign(varied.vertices[:, 2]), np.sign(ball.vertices[:, 2])), "no front becomes a back"


def test_each_thing_has_its_variants_together_with_seeds_of_their_own(photo: Path) -> None:
    engine = SmallEngine()
    seen: list[tuple[int, bool]] = []
    shape = engine.shape
    engine.shape = lambda cutout, settings, context: seen.append((context.seed, context.is_varied)) or shape(cutout, settings, context)
    told = run(request(photo, *TWO, variants=2, seed=2**31 - 1), engine)
    (located,) = only(told, Located)
    assert [target.box for target in located.targets] == [TWO[0].box, TWO[0].box, TWO[1].box, TWO[1].box]
    assert seen == [(2**31 - 1, False), (0, True)] * 2
    written = record(photo)
    assert (written["variants"], written["varies"], len(written["targets"])) == (2, False, 4)
    cuts = [Path(path).read_bytes() for path in files(told, CutoutReady)]
    assert cuts[0] == cuts[1] != cuts[2] == cuts[3]


def test_only_the_first_variant_stands_in_the_photo(photo: Path) -> None:
    told = run(request(photo, *TWO, variants=3, engine="preview", settings=Settings.of(cutter=LIGHT_CUTTER, faces=500, texture=False)))
    poses = only(told, Arranged)[-1].poses
    assert [pose is not None for pose in poses] == [True, False, False, True, False, False]


@pytest.mark.parametrize("variants", [0, 5, -1])
def test_so_many_are_refused_before_anything_is_done(photo: Path, variants: int) -> None:
    (failed,) = run(request(photo, variants=variants))
    assert type(failed) is Failed and failed.sentence == f"The number of variants must be 1 to 4, not {variants}."
    assert not (photo.parent / "run").exists()


def test_variants_from_the_command_line(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = photo.parent / "out"
    options = ["--names", "disc", "--box", "disc=0,0,120,160", "--no-texture", "--faces", "500", "--seed", "3", "--cutter", LIGHT_CUTTER, "--json"]
    assert command(["generate", str(photo), "--out", str(out), "--variants", "3", *options]) == 0
    targets = json.loads(capsys.readouterr().out)["targets"]
    depths = sorted(extent(target["mesh"])[2] for target in targets)
    assert len(targets) == 3 and depths[1] / depths[0] > 1.08 and depths[2] / depths[1] > 1.08
