"""The evaluation of an engine: pairs of a folder, rows on the disk, the report; files written by others read as they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from made_up import colored_box, handing_out, write_pair

from img23d_backend.evaluation.objects import OBJECTS
from img23d_backend.evaluation.orbit import Orbit, seen
from img23d_backend.evaluation.pairs import own_pairs, pairs_in
from img23d_backend.evaluation.photograph import photograph
from img23d_backend.evaluation.report import PUBLISHED, write_report
from img23d_backend.evaluation.runner import LINES, Row, evaluate, rows_of
from img23d_backend.evaluation.shapes import framed
from img23d_backend.evaluation.surfaces.glb_file import read_glb
from img23d_backend.evaluation.surfaces.obj_file import read_obj
from img23d_protocol import Img23DError


def turned(mesh: trimesh.Trimesh, degrees: float) -> trimesh.Trimesh:
    other = mesh.copy()
    other.apply_transform(trimesh.transformations.rotation_matrix(np.radians(degrees), (0, 1, 0)))
    return other


def row_of(tmp_path: Path, truth: trimesh.Trimesh, made: trimesh.Trimesh, azimuth: float = 0.0) -> Row:
    write_pair(tmp_path / "data", "one", truth)
    (row,) = evaluate(pairs_in(tmp_path / "data", azimuth), handing_out({"one": made}), tmp_path / "out")
    assert not row.problem, row.problem
    return row


# --- scores -----------------------------------------------------------------------------------------------------------


def test_the_truth_itself_gives_the_floor(tmp_path: Path) -> None:
    row = row_of(tmp_path, colored_box(), colored_box())
    assert row.chamfer < 0.03 and row.f_scores == [1.0, pytest.approx(1.0, abs=0.002)] and row.psnr == 100.0 and row.ssim == pytest.approx(1)
    assert (row.seconds, row.memory_bytes, row.faces) == (1.5, 10, 12) and (tmp_path / "out" / "strips" / row.strip).is_file()


def test_place_and_size_do_not_matter_and_the_azimuth_is_taken_out(tmp_path: Path) -> None:
    made = colored_box()
    made.apply_scale(7.0)
    made.apply_translation((3, -2, 9))
    assert row_of(tmp_path / "a", colored_box(), made).chamfer < 0.03
    # The camera stood 30 degrees further right, so that its picture shows the thing turned 30 degrees to the left
    row = row_of(tmp_path / "b", colored_box(), turned(colored_box(), -30), azimuth=30)
    assert row.chamfer < 0.03 and row.psnr > 60
    assert row_of(tmp_path / "c", colored_box(), turned(colored_box(), 30), azimuth=30).chamfer > 0.1


def test_another_shape_and_other_colours_score_less(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    assert row_of(tmp_path / "a", colored_box(), ball).chamfer > 0.3
    grey = trimesh.Trimesh(colored_box().vertices, colored_box().faces)
    row = row_of(tmp_path / "b", colored_box(), grey)
    assert row.chamfer < 0.03 and row.psnr < 25


# --- files of others --------------------------------------------------------------------------------------------------


def test_a_glb_is_read_with_its_nodes_and_its_texture(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(colored_box(), transform=trimesh.transformations.translation_matrix((0, 5, 0)))
    scene.add_geometry(trimesh.creation.icosphere(subdivisions=1), transform=trimesh.transformations.scale_matrix(0.5))
    scene.export(tmp_path / "two.glb")
    surface, wanted = read_glb(tmp_path / "two.glb"), scene.to_geometry()
    assert np.allclose(surface.mesh.vertices.min(axis=0), wanted.bounds[0]) and np.allclose(surface.mesh.vertices.max(axis=0), wanted.bounds[1])
    assert len(surface.mesh.faces) == len(wanted.faces)
    write_pair(tmp_path, "box")
    box = read_glb(tmp_path / "box.glb")
    picture = seen(box.moved(framed(box.mesh.vertices)), Orbit(azimuth=0, elevation=0), 64)
    assert np.allclose(picture[32, 28], (1, 0, 0), atol=0.02) and np.allclose(picture[32, 36], (0, 0, 1), atol=0.02)
    assert np.allclose(picture[2, 2], 1)


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:200], lambda data: b"no GLB" + data, lambda data: data.replace(b'"indices":', b'"indicez":', 1)[:-900]]
)
def test_what_is_no_glb_is_one_sentence(tmp_path: Path, damage) -> None:
    write_pair(tmp_path, "box")
    path = tmp_path / "box.glb"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Img23DError, match="cannot be read as a GLB"):
        read_glb(path)


def test_an_obj_as_scans_are_published(tmp_path: Path) -> None:
    """Google's have z up, polygons, and numbers of vertices, texture coordinates and normals."""
    from PIL import Image

    Image.fromarray(np.uint8([[(255, 0, 0), (0, 255, 0)]])).save(tmp_path / "texture.png")
    lines = ["# scan", "v 0 0 0", "v 2 0 0", "v 2 0 1", "v 0 0 1", "vt 0.25 0.5", "vt 0.75 0.5", "vn 0 -1 0", "f 1/1/1 2/2/1 3/2/1 4/1/1"]
    (tmp_path / "model.obj").write_text("\n".join(lines))
    surface = read_obj(tmp_path / "model.obj", tmp_path / "texture.png", z_is_up=True)
    assert np.allclose(surface.mesh.vertices, [(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0)]) and len(surface.mesh.faces) == 2
    picture = seen(surface.moved(framed(surface.mesh.vertices)), Orbit(azimuth=0, elevation=0), 64)
    assert np.allclose(picture[32, 18], (1, 0, 0), atol=0.02) and np.allclose(picture[32, 45], (0, 1, 0), atol=0.02)
    (tmp_path / "bad.obj").write_text("v 0 0 0\nf 1 2 3\n")
    with pytest.raises(Img23DError, match="vertices that are not there"):
        read_obj(tmp_path / "bad.obj", None, z_is_up=False)


def test_the_layouts_of_google_and_of_omniobject3d_are_known(tmp_path: Path) -> None:
    box = trimesh.creation.box((1, 1, 1))
    for place in ("Shoe/meshes/model.obj", "raw_scans/cup/cup_001/Scan/Scan.obj"):
        (tmp_path / place).parent.mkdir(parents=True)
        box.export(tmp_path / place)
    pairs = list(pairs_in(tmp_path, 0.0))
    assert [pair.name for pair in pairs] == ["Shoe", "cup_001"] and all(pair.picture is None for pair in pairs)
    picture = pairs[0].picture_in(tmp_path)
    assert picture.name == "Shoe.png" and picture.stat().st_size > 5000


# --- bad input --------------------------------------------------------------------------------------------------------


def test_one_bad_pair_fails_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("a", "b", "c", "d"):
        write_pair(data, name)
    (data / "b.glb").write_bytes(b"nothing")
    trimesh.PointCloud([(0, 0, 0), (1, 1, 1)]).export(data / "c.glb")
    rows = list(evaluate(pairs_in(data, 0), handing_out({name: colored_box() for name in "abcd"}), tmp_path / "out"))
    assert [bool(row.problem) for row in rows] == [False, True, True, False]
    page = write_report(rows, tmp_path / "out", engine="Engine", data="data", machine="").read_text(encoding="utf-8")
    assert "cannot be read as a GLB" in page and page.count("data:image/jpeg") == 2


def test_a_folder_without_pairs_is_one_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(Img23DError, match="no pair|no folder"):
            list(pairs_in(folder, 0))


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    asked: list[str] = []
    give = handing_out({str(number): colored_box() for number in range(6)})

    def make(picture: Path, folder: Path):
        asked.append(picture.stem)
        return give(picture, folder)

    for number in range(6):
        write_pair(tmp_path / "data", str(number))
    rows = evaluate(pairs_in(tmp_path / "data", 0), make, tmp_path / "out")
    first = [next(rows), next(rows)]
    rows.close()
    with open(tmp_path / "out" / LINES, "ab") as file:
        file.write(b'{"name": "2", "chamf')  # cut off in the middle of a line
    again = list(evaluate(pairs_in(tmp_path / "data", 0), make, tmp_path / "out"))
    assert again[:2] == first and asked == ["0", "1", "2", "3", "4", "5"] and list(rows_of(tmp_path / "out")) == again


def test_ten_thousand_pairs_are_not_all_asked_for_at_once(tmp_path: Path) -> None:
    asked = 0

    def pairs():
        nonlocal asked
        for pair in own_pairs():
            asked += 1
            yield pair

    next(evaluate(pairs(), handing_out({"mug": colored_box()}), tmp_path))
    assert asked == 1


# --- the program's own things, and the command ------------------------------------------------------------------------


@pytest.mark.parametrize("name", OBJECTS)
def test_each_thing_of_the_programs_own_can_be_photographed(name: str) -> None:
    thing = OBJECTS[name]()
    assert np.isfinite(thing.mesh.vertices).all() and thing.mesh.faces.max() < len(thing.mesh.vertices) and thing.colors is not None
    picture = photograph(thing, Orbit(azimuth=-25, elevation=20))
    assert 0.005 < picture.mask.mean() < 0.4 and not picture.mask[[0, -1]].any() and not picture.mask[:, [0, -1]].any()
    assert np.isfinite(picture.depth[picture.mask]).all() and np.abs(picture.rgb[picture.mask].astype(int).std(axis=0)).max() > 3


def test_there_are_at_least_24_of_them_of_all_kinds() -> None:
    assert len(OBJECTS) >= 24 and {"mug", "chair", "hammer", "toy car", "dog", "fork", "picture frame"} <= set(OBJECTS)


def test_what_was_published_is_told_as_of_other_data(tmp_path: Path) -> None:
    """Xu et al., InstantMesh, 2024: tables 1 and 2."""
    assert PUBLISHED["Google Scanned Objects, orbit"]["InstantMesh (mesh)"] == (22.794, 0.897, 0.120, 0.180, 0.880)
    assert PUBLISHED["OmniObject3D, orbit"]["TripoSR"] == (21.996, 0.877, 0.198, 0.245, 0.811)
    page = write_report([Row(name="a <b>", problem="x & y")], tmp_path, engine="Engine", data="data", machine="").read_text(encoding="utf-8")
    assert "on other data" in page and "a &lt;b&gt;" in page and "x &amp; y" in page and "http" not in page
    assert json.loads((tmp_path / "report.json").read_text())["rows"][0]["name"] == "a <b>"


ROOT = Path(__file__).resolve().parents[3]
VARIABLES = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "backend", ROOT / "blender_img23d" / "shared")))}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-s", "-m", "img23d_backend", "evaluate", *arguments]


def test_the_command_measures_the_preview_engine_and_survives_a_kill(tmp_path: Path) -> None:
    for name in ("bottle", "duck"):
        pair = next(one for one in own_pairs() if one.name == name)
        pair.picture_in(tmp_path)
        surface = pair.truth()
        trimesh.Trimesh(surface.mesh.vertices, surface.mesh.faces, vertex_colors=surface.colors).export(tmp_path / f"{name}.glb")
    arguments = command(str(tmp_path), "--azimuth", "-25", "--out", str(tmp_path / "out"), "--faces", "5000")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=VARIABLES) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    done = subprocess.run(arguments, capture_output=True, text=True, env=VARIABLES)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] + "\n" == first and lines[0].startswith("bottle: CD 0.0") and lines[1].startswith("duck: CD 0.") and Path(lines[2]).is_file()
    rows = list(rows_of(tmp_path / "out"))
    assert [row.name for row in rows] == ["bottle", "duck"] and rows[0].chamfer < 0.05 and rows[1].chamfer < 0.25
    assert all(row.seconds > 0.5 and row.memory_bytes > 50e6 and row.faces <= 5000 for row in rows)


def test_a_wrong_engine_or_folder_is_one_sentence(tmp_path: Path) -> None:

    for arguments in ((str(tmp_path), "--out", str(tmp_path / "out")), ("--engine", "nothing", "--out", str(tmp_path / "out"))):
        done = subprocess.run(command(*arguments), capture_output=True, text=True, env=VARIABLES)
        assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr, done.stderr
