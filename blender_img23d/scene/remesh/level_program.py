"""A program of its own for a second Blender without a window: copies of a mesh with fewer faces.

Blender's Decimate takes seconds for a large mesh and cannot be interrupted. Usage: `blender -b --factory-startup -P level_program.py --
SOURCE TARGET SHARE...`, both .blend files; the first has one mesh, the second one "level1", "level2" ... for each share of its faces.
"""

from __future__ import annotations

import sys

import bpy


def main(source: str, target: str, shares: list[float]) -> None:
    with bpy.data.libraries.load(source) as (there, wanted):
        wanted.meshes = there.meshes[:1]
    (mesh,) = wanted.meshes
    levels = {_level(mesh, share, f"level{number}") for number, share in enumerate(shares, start=1)}
    bpy.data.libraries.write(target, levels, fake_user=True)


def _level(mesh: bpy.types.Mesh, share: float, name: str) -> bpy.types.Mesh:
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    obj.modifiers.new(name, "DECIMATE").ratio = share
    depsgraph = bpy.context.evaluated_depsgraph_get()
    level = bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph)
    bpy.data.objects.remove(obj)  # else it is made fewer again with the next one
    level.name = name
    return level


if __name__ == "__main__":
    source, target, *shares = sys.argv[sys.argv.index("--") + 1 :]
    main(source, target, [float(share) for share in shares])
