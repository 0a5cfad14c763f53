"""Parts as the backend would tell them, for a mesh that a test knows."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from scripted import Rehearsal

COLORS = ("#ff0000", "#00ff00", "#0000ff", "#ffff00")


def press(rehearsal: Rehearsal) -> object:
    """Make Parts of the active object; the request that the backend gets."""
    assert bpy.ops.img23d.make_parts() == {"FINISHED"}
    rehearsal.tick()
    return rehearsal.link.said[-1]


def answer(rehearsal: Rehearsal, label_of, names=("low", "middle", "high"), note: str = "") -> object:
    """The parts of a press: `label_of` gets the middles (T, 3) in world space of the triangles that were sent. The request."""
    request, m = rehearsal.link.said[-1], rehearsal.messages
    with np.load(request.mesh) as file:
        labels = np.asarray(label_of(file["vertices"][file["triangles"]].mean(axis=1)), np.int32)
    np.save(Path(request.run_folder) / "labels.npy", labels)
    parts = tuple(m.PartInfo(name=name, color=COLORS[number % len(COLORS)], faces=int((labels == number).sum()), area=1.0) for number, name in enumerate(names))
    rehearsal.link.say(m.DivisionReady(job=request.job, labels="labels.npy", parts=parts, note=note))
    rehearsal.tick()
    rehearsal.finish(len(parts))
    return request


def make_parts(rehearsal: Rehearsal, label_of, names=("low", "middle", "high")) -> object:
    press(rehearsal)
    return answer(rehearsal, label_of, names)


def by_height(*heights: float):
    """Numbers from the lowest part up, borders at these heights in world space."""
    return lambda middles: np.digitize(middles[:, 2], heights)


def cut(*, closed: bool = False) -> bpy.types.Object:
    """The empty that holds the parts."""
    bpy.context.scene.img23d.parts_closed = closed
    assert bpy.ops.img23d.cut_parts() == {"FINISHED"}
    return group()


def group() -> bpy.types.Object:
    (found,) = [obj for obj in bpy.data.objects if "img23d_whole" in obj]
    return found


def parts() -> list[bpy.types.Object]:
    return sorted((obj for obj in bpy.data.objects if "img23d_part_of" in obj), key=lambda one: one.name)


def world_points(objects) -> np.ndarray:
    """(V, 3) as the viewport shows them"""
    bpy.context.view_layer.update()
    graph, found = bpy.context.evaluated_depsgraph_get(), []
    for obj in objects:
        shown = obj.evaluated_get(graph)
        found.append(np.array([shown.matrix_world @ vertex.co for vertex in shown.data.vertices]))
    return np.concatenate(found)


def farthest(points: np.ndarray, others: np.ndarray) -> float:
    """The largest distance of a point from the nearest of the others."""
    return max(float(np.abs(others - point).sum(axis=1).min()) for point in points)


def digest(mesh: bpy.types.Mesh) -> dict[str, bytes]:
    """All that is on a mesh, attribute by attribute, as bytes."""
    from hashlib import sha256

    found = {}
    for attribute in mesh.attributes:
        values = [_plain(one) for one in attribute.data]
        found[f"{attribute.name} {attribute.domain} {attribute.data_type}"] = sha256(repr(values).encode()).digest()
    found["groups"] = repr([[(group.group, group.weight) for group in vertex.groups] for vertex in mesh.vertices]).encode()
    found["materials"] = repr([material and material.name for material in mesh.materials]).encode()
    found["custom"] = repr(sorted(mesh.keys())).encode()
    found["colours"] = repr((mesh.color_attributes.active_color_name, mesh.color_attributes.default_color_name)).encode()
    return found


def _plain(one) -> object:
    value = getattr(one, next(name for name in ("value", "vector", "color") if hasattr(one, name)))
    return value if isinstance(value, int | float | bool) else tuple(value)
