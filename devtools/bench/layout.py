"""Accuracy of the layout from one photo: scenes with a known camera, arranged by the backend, compared with the truth.

Runs in the plain environment, with the backend in its path: python -m devtools.bench.layout SCENES RUNS OUT.json
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from img23d_backend.arrange import Arrangement
from img23d_protocol.arrangement import PhotoCamera, Pose
from img23d_protocol.job_requests import Box

from .layout_rows import MADE, TRUE, LayoutRow
from .shapes import generate, load_mesh

FULL_FRAME_DIAGONAL = 43.27  # mm


@dataclass(frozen=True, kw_only=True)
class Thing:
    """`box` (4,) in pixels; `place` (2,) and `height` in metres, in the world of the camera that took the photo; `vertices` (V, 3)
    as an engine would give them: glTF's axes, upright, the front to the viewer, base on 0, the longest side 1.
    """

    name: str
    box: np.ndarray
    place: np.ndarray
    vertices: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`focal` in photo widths, `pitch` in radians."""

    name: str
    width: int
    height: int
    focal: float
    pitch: float
    things: tuple[Thing, ...]


def measure(scenes: Path, runs: Path, out: Path) -> None:
    rows = []
    for file in sorted(scenes.glob("*.json")):
        scene = load_scene(file)
        for has_lens in (True, False):
            rows.append(score(scene, TRUE, has_lens, *arranged(scene, has_lens)))
            rows.append(score(scene, MADE, has_lens, *made(scene, file, runs, has_lens)))
        for row in rows[-4:]:
            print(f"{row.scene}, {row.shapes}, {'lens known' if row.has_lens else 'lens not known'}: overlap {row.box_overlap:.3f}, ", end="")
            print(f"pairs {row.pairs_right}/{row.pairs}, pitch off by {row.pitch_error:.1f} degrees, places by {row.place_error:.1%}", flush=True)
    out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


# --- the truth ------------------------------------------------------------------------------------------------------


def load_scene(file: Path) -> Scene:
    record = json.loads(file.read_text(encoding="utf-8"))
    stem = file.with_suffix("")
    masks = np.asarray(Image.open(f"{stem}_masks.png").convert("L"))
    things = []
    for number, name in enumerate(record["names"], start=1):
        mesh = load_mesh(Path(f"{stem}_{name.replace(' ', '_')}.glb"))
        place, vertices = as_seen(np.asarray(mesh.vertices), record)
        things.append(Thing(name=name, box=box_of(masks == number), place=place, vertices=vertices))
    return Scene(
        name=file.stem.replace("_", " "),
        width=record["width"],
        height=record["height"],
        focal=record["focal"],
        pitch=record["pitch"],
        things=tuple(things),
    )


def as_seen(vertices: np.ndarray, record: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """A place in the camera's world (2,), and the mesh turned to the ray that it is seen by; from glTF's world axes."""
    east, north, up = vertices[:, 0] - record["at"][0], -vertices[:, 2] - record["at"][1], vertices[:, 1]
    turned = rotated(np.stack([east, north], axis=1), -record["turn"])
    bearing = np.arctan2(*(turned.min(axis=0) + turned.max(axis=0)))
    facing = rotated(turned, bearing)  # the ray is now +y
    middle = (facing.min(axis=0) + facing.max(axis=0)) / 2
    local = np.stack([facing[:, 0] - middle[0], up - up.min(), -(facing[:, 1] - middle[1])], axis=1)
    return rotated(middle[None], -bearing)[0], local / np.ptp(local, axis=0).max()


def rotated(points: np.ndarray, angle: float) -> np.ndarray:
    """(N, 2), counter-clockwise."""
    sine, cosine = np.sin(angle), np.cos(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def box_of(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)


# --- the two ways to have shapes ------------------------------------------------------------------------------------

Arranged = tuple[PhotoCamera, list[Pose | None], list[np.ndarray | None]]


def arranged(scene: Scene, has_lens: bool) -> Arranged:
    """The true meshes and the true boxes: what the arrangement can do by itself."""
    sides = np.array([scene.width, scene.height] * 2)
    boxes = [Box(left=box[0], top=box[1], right=box[2], bottom=box[3]) for box in (thing.box / sides for thing in scene.things)]
    focal = scene.focal if has_lens else None
    task = Arrangement(photo_width=scene.width, photo_height=scene.height, boxes=boxes, focal=focal)
    for index, thing in enumerate(scene.things):
        task.add(index, thing.vertices)
    solved = task.solve()
    return solved.camera, list(solved.poses), [thing.vertices for thing in scene.things]


def made(scene: Scene, file: Path, runs: Path, has_lens: bool) -> Arranged:
    """The whole pipeline, from a photo on disk, by the names of the things."""
    photo = runs / f"{file.stem}_{'lens' if has_lens else 'plain'}.jpg"
    take(file.with_suffix(".png"), photo, scene.focal if has_lens else None)
    run_folder = runs / photo.stem
    generate(photo, ", ".join(thing.name for thing in scene.things), run_folder)
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    poses, meshes = [], []
    for target in record["targets"]:
        poses.append(Pose(**target["pose"]) if target.get("pose") else None)
        file_name = target["files"].get("mesh") or target["files"].get("shape")
        meshes.append(np.asarray(load_mesh(run_folder / file_name).vertices) if file_name else None)
    return PhotoCamera(**record["camera"]), poses, meshes


def take(source: Path, target: Path, focal: float | None) -> None:
    """A JPEG as a camera writes it: with the lens's 35 mm equivalent, or without."""
    target.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(source).convert("RGB")
    exif = Image.Exif()
    if focal is not None:
        exif.get_ifd(0x8769)[0xA405] = round(focal * FULL_FRAME_DIAGONAL * picture.width / np.hypot(*picture.size))
    picture.save(target, quality=92, exif=exif)


# --- the score ------------------------------------------------------------------------------------------------------


def score(scene: Scene, shapes: str, has_lens: bool, camera: PhotoCamera, poses: Sequence[Pose | None], meshes: Sequence[np.ndarray | None]) -> LayoutRow:
    standing = [(thing, pose, mesh) for thing, pose, mesh in zip(scene.things, poses, meshes, strict=True) if pose and mesh is not None]
    worlds = [posed(mesh, pose) for _, pose, mesh in standing]
    overlaps = [iou(seen_box(world, camera, scene), thing.box) for world, (thing, _, _) in zip(worlds, standing, strict=True)]
    contacts = [abs(world[:, 2].min()) / np.ptp(world[:, 2]) for world in worlds]
    places = np.array([[pose.x, pose.y] for _, pose, _ in standing])
    truths = np.array([thing.place for thing, _, _ in standing])
    pairs = list(itertools.combinations(range(len(standing)), 2))
    right = sum((places[a, 1] < places[b, 1]) == (truths[a, 1] < truths[b, 1]) for a, b in pairs)
    return LayoutRow(
        scene=scene.name,
        shapes=shapes,
        has_lens=has_lens,
        made=len(standing),
        things=len(scene.things),
        box_overlap=float(np.sum(overlaps) / len(scene.things)),
        pairs_right=int(right),
        pairs=len(pairs),
        contact=float(max(contacts)),
        place_error=place_error(places, truths),
        pitch=float(np.degrees(scene.pitch)),
        pitch_error=float(np.degrees(camera.pitch - scene.pitch)),
        focal_error=camera.focal / scene.focal - 1,
    )


def place_error(places: np.ndarray, truths: np.ndarray) -> float:
    """The mean distance from the true place, as a share of its distance from the camera; one scale for all is free."""
    scale = np.median(np.linalg.norm(truths, axis=1) / np.linalg.norm(places, axis=1))
    off = np.linalg.norm(scale * places - truths, axis=1) / np.linalg.norm(truths, axis=1)
    return float(off.mean())


def posed(vertices: np.ndarray, pose: Pose) -> np.ndarray:
    """(V, 3) from a GLB's axes into the camera's world, z up."""
    flat = rotated(np.stack([vertices[:, 0], -vertices[:, 2]], axis=1) * pose.scale, pose.yaw)
    return np.column_stack([flat + [pose.x, pose.y], vertices[:, 1] * pose.scale])


def seen_box(world: np.ndarray, camera: PhotoCamera, scene: Scene) -> np.ndarray:
    """(4,) pixels: the box of what the matched camera sees of the points, no further than the photo reaches."""
    across, ahead, up = world[:, 0], world[:, 1], world[:, 2] - camera.height
    depth = ahead * np.cos(camera.pitch) - up * np.sin(camera.pitch)
    upwards = ahead * np.sin(camera.pitch) + up * np.cos(camera.pitch)
    right = across * np.cos(camera.roll) - upwards * np.sin(camera.roll)
    above = upwards * np.cos(camera.roll) + across * np.sin(camera.roll)
    u = scene.width * (0.5 + camera.focal * right / depth)
    v = scene.height / 2 - scene.width * camera.focal * above / depth
    u, v = u.clip(0, scene.width), v.clip(0, scene.height)
    return np.array([u.min(), v.min(), u.max(), v.max()])


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Of two boxes left, top, right, bottom."""
    common = np.prod(np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0))
    return float(common / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - common))


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
