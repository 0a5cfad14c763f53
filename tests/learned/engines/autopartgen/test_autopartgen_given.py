"""What AutoPartGen is given: the square around a thing, painted parts in their order, a mesh of any size in any place; and what is held
against what is there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from img23d_backend.engines.autopartgen.division.cleaning import cleaned
from img23d_backend.engines.autopartgen.division.codes import joined, surface_points
from img23d_backend.engines.autopartgen.division.duplicates import SIDE, overlap, surface_voxels
from img23d_backend.engines.autopartgen.division.frame import Frame
from img23d_backend.engines.autopartgen.division.pictures import black, normalized, part_picture, part_values, whole_picture
from img23d_backend.engines.autopartgen.loading.files import Counts
from img23d_backend.images.masks import read_mask
from img23d_backend.stages import Mesh
from img23d_protocol import ErrorCode, Img23DError


def mesh_of(made: trimesh.Trimesh) -> Mesh:
    return Mesh(vertices=np.asarray(made.vertices, np.float32), faces=np.asarray(made.faces, np.int32))


def box(extents: tuple[float, float, float] = (1, 1, 1), at: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    made = trimesh.creation.box(extents=extents)
    made.apply_translation(at)
    return made


# --- pictures ---------------------------------------------------------------------------------------------------------


def thing(height: int = 400, width: int = 500) -> np.ndarray:
    """Rows 100 to 199 and columns 150 to 349 are there, half of red and half of blue, in green with less than 0.8 around."""
    rgba = np.zeros((height, width, 4), dtype=np.uint8)
    rgba[90:210, 140:360] = (0, 255, 0, 200)
    rgba[100:200, 150:250] = (250, 10, 20, 255)
    rgba[100:200, 250:350] = (10, 20, 250, 255)
    return rgba


def reference_square(rgba: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
    """By AutoPartGen's description: 1.2 times the longer side of alpha above 0.8, on white, bicubic."""
    rows, columns = np.where(rgba[:, :, 3] > 0.8 * 255)
    across, down = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
    half = int(max(np.ptp(columns), np.ptp(rows)) * 1.2) // 2
    white = Image.new("RGBA", (rgba.shape[1], rgba.shape[0]), "white")
    picture = np.array(Image.alpha_composite(white, Image.fromarray(rgba)).convert("RGB"))
    if kept is not None:
        picture[~kept] = 255
    around = tuple(int(edge) for edge in (across - half, down - half, across + half, down + half))
    return np.asarray(Image.fromarray(picture).crop(around).resize((448, 448), Image.Resampling.BICUBIC))


def test_the_square_around_a_thing() -> None:
    found = whole_picture(thing())
    assert found.shape == (448, 448, 3) and np.abs(found.astype(int) - reference_square(thing())).max() <= 2
    assert (found[224, 120] == (250, 10, 20)).all() and (found[224, 330] == (10, 20, 250)).all() and (found[20, 20] == 255).all()


def test_a_thing_at_the_edge_is_not_stretched() -> None:
    """There its own code would cut the square off and make it as wide as it is high again."""
    tight = thing()[95:205, 145:355]
    whole = whole_picture(thing())
    assert (np.abs(whole_picture(tight).astype(int) - whole).max(axis=2) > 8).mean() < 0.1, "but for the green around it"


def test_a_painted_part_has_the_wholes_square() -> None:
    own = np.zeros((400, 500), dtype=bool)
    own[:, 250:] = True
    found = part_picture(thing(), own)
    assert np.abs(found.astype(int) - reference_square(thing(), own)).max() <= 2
    assert (found[224, 120] == 255).all() and (found[224, 330] == (10, 20, 250)).all()


def test_what_the_encoder_gets() -> None:
    values = normalized(np.full((448, 448, 3), 255, np.uint8))
    assert values.shape == (1, 3, 448, 448)
    assert values[0, :, 0, 0].tolist() == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], abs=1e-5)
    assert normalized(black())[0, :, 3, 3].tolist() == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-5), "black is no zero"


def test_nothing_is_left_of_a_thing() -> None:
    with pytest.raises(Img23DError) as told:
        whole_picture(np.zeros((50, 50, 4), np.uint8))
    assert told.value.code is ErrorCode.EMPTY_CUTOUT


# --- painted parts ----------------------------------------------------------------------------------------------------


def painted() -> np.ndarray:
    """In the order of what comes: 40 reaches furthest down; 7 and 200 as far as each other, 7 begins further right; 3 is at the top."""
    mask = np.zeros((60, 80), dtype=np.uint8)
    mask[30:60, 35:45] = 40
    mask[10:50, 5:15] = 200
    mask[20:50, 60:70] = 7
    mask[0:9, 30:50] = 3
    return mask


def test_the_order_of_painted_parts() -> None:
    assert part_values(painted()) == (40, 200, 7, 3)
    assert part_values(painted() * 0) == () and part_values(np.full((4, 4), 9, np.uint8)) == (9,)


def test_a_mask_with_a_palette_is_that_in_grey(tmp_path: Path) -> None:
    """Whatever the palette's colours are, two of them alike."""
    grey = Image.fromarray(painted())
    grey.save(tmp_path / "grey.png")
    coloured = Image.fromarray(painted(), "P")
    coloured.putpalette([0, 0, 0] + [255, 255, 0] * 255)
    coloured.save(tmp_path / "palette.png")
    assert Image.open(tmp_path / "palette.png").mode == "P" and Image.open(tmp_path / "grey.png").mode == "L"
    both = [read_mask(str(tmp_path / name), width=80, height=60) for name in ("grey.png", "palette.png")]
    assert np.array_equal(*both)
    order = part_values(both[0])
    places = [tuple(np.argwhere(both[0] == value)[0]) for value in order]
    assert places == [(30, 35), (10, 5), (20, 60), (0, 30)]


# --- meshes -----------------------------------------------------------------------------------------------------------


def test_a_mesh_goes_into_the_cube_and_back() -> None:
    mesh = mesh_of(box((74, 20, 10), at=(1000, -500, 30)))
    frame = Frame.of(mesh)
    inside = frame.into(mesh)
    assert inside.vertices.min(axis=0) == pytest.approx([-1, -20 / 74, -10 / 74], abs=1e-6) and np.abs(inside.vertices).max() == 1
    assert frame.back(inside).vertices == pytest.approx(mesh.vertices, abs=1e-3) and np.array_equal(frame.back(inside).faces, mesh.faces)


@pytest.mark.parametrize(
    "mesh",
    [
        Mesh(vertices=np.zeros((0, 3), np.float32), faces=np.zeros((0, 3), np.int32)),
        Mesh(vertices=np.zeros((3, 3), np.float32), faces=np.array([[0, 1, 2]], np.int32)),
        Mesh(vertices=np.full((3, 3), np.nan, np.float32), faces=np.array([[0, 1, 2]], np.int32)),
    ],
    ids=["no faces", "a point", "nowhere"],
)
def test_meshes_that_are_none_end_in_a_sentence(mesh: Mesh) -> None:
    with pytest.raises(Img23DError) as told:
        Frame.of(mesh)
    assert told.value.code is ErrorCode.BAD_REQUEST


def test_points_of_a_surface_lie_apart_and_the_first_of_them_too() -> None:
    ball = mesh_of(trimesh.creation.icosphere(subdivisions=4))
    found = surface_points(ball, Counts(latents=64, surface=1024), seed=3)
    assert found.shape == (1024, 6) and found.dtype == np.float32
    assert np.linalg.norm(found[:, :3], axis=1) == pytest.approx(1, abs=5e-3)
    assert (found[:, :3] * found[:, 3:]).sum(axis=1).min() > 0.99, "normals look outwards"

    def least(points: np.ndarray) -> float:
        apart = np.linalg.norm(points[:, None] - points, axis=2)
        return float(apart[~np.eye(len(points), dtype=bool)].min())

    sphere = np.sqrt(4 * np.pi)
    assert least(found[:, :3]) > 0.5 * sphere / np.sqrt(1024) and least(found[:64, :3]) > 0.7 * sphere / np.sqrt(64)
    assert np.array_equal(found, surface_points(ball, Counts(latents=64, surface=1024), seed=3))


def test_several_meshes_as_one() -> None:
    one = joined([mesh_of(box()), mesh_of(box(at=(3, 0, 0)))])
    assert trimesh.Trimesh(one.vertices, one.faces, process=False).volume == pytest.approx(2)


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_voxels_of_a_surface() -> None:
    """A square of 0.5 that lies in one layer of voxels fills 64 by 64 of them, however few its triangles are."""
    half = 0.25 - 1e-4
    corners = np.array([(-half, -half, 0.001), (half, -half, 0.001), (half, half, 0.001), (-half, half, 0.001)], np.float32)
    square = Mesh(vertices=corners, faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    found = surface_voxels(square).reshape(SIDE, SIDE, SIDE)
    assert found.sum() == 64 * 64 and found[96:160, 96:160, 128].all()


def test_how_much_two_surfaces_share() -> None:
    here = surface_voxels(mesh_of(box((0.8, 0.8, 0.8))))
    assert overlap(here, here) == 1
    assert overlap(here, surface_voxels(mesh_of(box((0.8, 0.8, 0.8), at=(0.8, 0, 0))))) < 0.25, "what only touches shares a side at most"
    assert overlap(here, surface_voxels(mesh_of(box((0.2, 0.2, 0.2))))) == 0, "what is within shares nothing"
    both = here | surface_voxels(mesh_of(box((0.8, 0.8, 0.8), at=(0, 0.9, 0))))
    assert overlap(both, here) == 1, "the smaller one counts"
    assert overlap(here, np.zeros_like(here)) == 0


def test_what_lies_beyond_the_cube_does_no_harm() -> None:
    assert surface_voxels(mesh_of(box((2.02, 2.02, 2.02)))).any()
    assert surface_voxels(mesh_of(box((900, 1, 1)))).any()


# --- clean-up ---------------------------------------------------------------------------------------------------------


def test_specks_go_and_thin_parts_stay() -> None:
    """By their area: a speck of many triangles, a plate of few."""
    ball = trimesh.creation.icosphere(subdivisions=3)
    speck = trimesh.creation.icosphere(subdivisions=3, radius=0.05)
    speck.apply_translation((3, 0, 0))
    plate = box((0.6, 0.6, 0.01), at=(-3, 0, 0))
    both = trimesh.util.concatenate([ball, speck, plate])
    left = cleaned(mesh_of(both), 0)
    assert len(left.faces) == len(ball.faces) + 12 and left.vertices[:, 0].max() < 1.1


def test_no_more_faces_than_wanted() -> None:
    ball = mesh_of(trimesh.creation.icosphere(subdivisions=5))
    left = cleaned(ball, 2000)
    assert 1000 < len(left.faces) <= 2000
    assert trimesh.Trimesh(left.vertices, left.faces).volume == pytest.approx(4 / 3 * np.pi, rel=0.02)
    assert cleaned(ball, 0) is ball
