"""Files of splats between the extension and gsply, which reads and writes the same formats and knows nothing of it."""

from __future__ import annotations

from pathlib import Path

import gsply
import numpy as np
import pytest
from conftest import part
from splat_files import Splat, about, ply, spz
from splat_maths import RDF, RUB, covariance

NEEDLE = Splat(place=(0.3, -0.2, 0.6), scale=(1.0, 0.01, 0.01), turn=about((0.2, -0.4, 1.0), 30.0), opacity=0.7, color=(0.9, 0.2, 0.4))
CLOUD = [
    NEEDLE,
    *(
        Splat(
            place=(0.37 * (i % 7) - 1.0, 0.21 * (i % 11) - 1.0, 0.05 * i - 1.0),
            scale=(0.01 * (1 + i % 5), 0.02 * (1 + i % 3), 0.3),
            turn=about((1.0, 0.3 * i, -0.7), 17.0 * i),
            opacity=0.05 + 0.9 * (i % 10) / 10,
            color=(0.1 * (i % 10), 0.9 - 0.08 * (i % 10), 0.5),
        )
        for i in range(40)
    ),
]
DATA = {"ply": ply(CLOUD), "v2": spz(CLOUD, 2), "v3": spz(CLOUD, 3), "v4": spz(CLOUD, 4)}
# Half a step of each format's codes; degrees are those of its coarsest rotation
STEPS = {
    "ply": {"place": 1e-6, "color": 1e-5, "opacity": 1e-5, "scale": 1e-5, "degrees": 0.05},
    "v2": {"place": 1.3e-4, "color": 4e-3, "opacity": 2e-3, "scale": 0.032, "degrees": 12.5},
    "v3": {"place": 1.3e-4, "color": 4e-3, "opacity": 2e-3, "scale": 0.032, "degrees": 0.25},
}
STEPS["v4"] = STEPS["v3"]


def opened(path: Path) -> gsply.GSData:
    return gsply.read_spz(path) if path.suffix == ".spz" else gsply.plyread(path)


def assert_cloud(kind: str, places, scales, turns, opacities, colors, axes: np.ndarray) -> None:
    """All of `CLOUD`, whose files' axes are `axes` as columns in those of the arrays."""
    step = STEPS[kind]
    assert np.allclose(places, [axes @ one.place for one in CLOUD], atol=step["place"])
    assert np.allclose(np.log(scales), np.log([one.scale for one in CLOUD]), atol=step["scale"])
    assert np.allclose(opacities, [one.opacity for one in CLOUD], atol=step["opacity"])
    assert np.allclose(colors, [one.color for one in CLOUD], atol=step["color"])
    for one, turn in zip(CLOUD, turns, strict=True):
        long = np.argmax(one.scale)  # the axis that is seen best
        was, now = (np.linalg.eigh(form)[1][:, 2] for form in (axes @ covariance(one.scale, one.turn) @ axes.T, covariance(one.scale, turn)))
        away = np.degrees(np.arccos(min(1.0, abs(float(was @ now)))))
        assert away < step["degrees"], f"a splat's axis {long} is {away:.2f} degrees away"


def assert_read_by_gsply(kind: str, path: Path, axes: np.ndarray) -> None:
    data = opened(path)
    colors = 0.5 + 0.28209479 * np.asarray(data.sh0)
    opacities = 1.0 / (1.0 + np.exp(-np.asarray(data.opacities).ravel()))
    assert_cloud(kind, data.means, np.exp(data.scales), data.quats, opacities, colors, axes)


def read_by_us(path: Path):
    return part("scene.splats.formats.files").read_splats(path)[0]


def assert_read_by_us(kind: str, path: Path, axes: np.ndarray) -> None:
    found = read_by_us(path)
    assert_cloud(kind, found.positions, found.scales, found.rotations, found.opacities, 0.5 + 0.28209479 * found.constants, axes)


def file_of(folder: Path, kind: str) -> Path:
    path = folder / ("cloud.ply" if kind == "ply" else "cloud.spz")
    path.write_bytes(DATA[kind])
    return path


@pytest.mark.parametrize("kind", DATA)
def test_both_read_the_same(installed, tmp_path, kind):
    path = file_of(tmp_path, kind)
    assert_read_by_gsply(kind, path, np.eye(3))
    assert_read_by_us(kind, path, RDF if kind == "ply" else RUB)


@pytest.mark.parametrize(("kind", "name", "axes"), [("ply", "ours.ply", np.eye(3)), ("v3", "ours.spz", RUB.T @ RDF)], ids=["ply", "spz"])
def test_gsply_reads_what_is_written(installed, tmp_path, kind, name, axes):
    splats = read_by_us(file_of(tmp_path, "ply"))
    part("scene.splats.formats.files").write_splats(tmp_path / name, splats)
    assert_read_by_gsply(kind, tmp_path / name, axes)


@pytest.mark.parametrize("kind", ["ply", "v3", "v4"])
def test_what_gsply_writes_is_read(installed, tmp_path, kind):
    data = gsply.plyread(file_of(tmp_path, "ply"))
    path = tmp_path / ("theirs.ply" if kind == "ply" else "theirs.spz")
    if kind == "ply":
        gsply.plywrite(path, data.means, data.scales, data.quats, data.opacities, data.sh0, data.shN)
    else:
        gsply.write_spz(path, data, version=int(kind[1]))
    found = read_by_us(path)
    axes = RDF if kind == "ply" else RUB
    assert_cloud(kind, found.positions, found.scales, found.rotations, found.opacities, 0.5 + 0.28209479 * found.constants, axes)


@pytest.mark.parametrize("kind", DATA)
def test_a_long_thin_splat_lies_where_gsply_has_it(installed, tmp_path, kind):
    """A hundred times as long as it is thick: its direction, in the file's axes, as both read it."""
    path = file_of(tmp_path, kind)
    data, found = opened(path), read_by_us(path)
    axes = RDF if kind == "ply" else RUB
    theirs = np.linalg.eigh(covariance(np.exp(data.scales[0]), data.quats[0]))[1][:, 2]
    ours = np.linalg.eigh(covariance(found.scales[0], found.rotations[0]))[1][:, 2]
    assert abs(float(axes @ theirs @ ours)) > np.cos(np.radians(0.05))


@pytest.mark.parametrize(("kind", "axes"), [("ply", np.diag([1, -1, -1])), ("v3", np.eye(3))], ids=["ply", "spz"])
def test_gsply_reads_what_a_run_writes(monkeypatch, tmp_path, kind, axes):
    """The backend's writers, whose splats have a mesh's axes: right, up, towards the viewer."""
    root = Path(__file__).resolve().parents[3]
    for folder in ("backend", "blender_img23d/shared"):
        monkeypatch.syspath_prepend(str(root / folder))
    from img23d_backend.splats.ply import write_ply
    from img23d_backend.splats.spz import write_spz
    from img23d_backend.stages import Splats

    names = {"positions": "place", "colors": "color", "opacities": "opacity", "scales": "scale", "rotations": "turn"}
    splats = Splats(**{name: np.array([getattr(one, attribute) for one in CLOUD], dtype=np.float32) for name, attribute in names.items()})
    path = tmp_path / ("run.ply" if kind == "ply" else "run.spz")
    (write_ply if kind == "ply" else write_spz)(path, splats)
    assert_read_by_gsply(kind, path, axes)
