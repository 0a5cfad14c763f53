"""Tries damaged results, records and presets on the installed extension in Blender, all the way into a scene."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import in_blender
from glb_mutate import damaged
from glb_seeds import glb, png
from preset_seeds import damaged_preset
from record_seeds import FOLDER, damaged_record, write_files


def attempt_with(kind: str, folder: str) -> Callable[[str], str]:
    in_blender.begin()
    photo = Path(folder) / "photo.png"
    photo.write_bytes(png(32))
    return {"glbs": _Results, "records": _Records, "presets": _Presets}[kind](Path(folder), photo)


class _Results:
    """A result that is damaged and one that is not, in one run."""

    def __init__(self, folder: Path, photo: Path) -> None:
        self._bad, self._good, self._photo = folder / "bad.glb", folder / "good.glb", photo
        self._good.write_bytes(glb(painted=True, name="bowl"))
        self._run = in_blender.rehearsal()

    def __call__(self, case: str) -> str:
        import bpy

        self._bad.write_bytes(damaged(case))
        _clear()
        owner, values = in_blender.owner(), bpy.context.scene.img23d
        owner.session.jobs.clear()
        values.photo, values.names = str(self._photo), "cup, bowl"
        assert bpy.ops.img23d.generate() == {"FINISHED"}
        self._run.tick()
        self._run.locate("cup", "bowl")
        self._run.mesh(0, self._bad, textured=True)
        self._run.mesh(1, self._good, textured=True)
        self._run.finish(2)
        assert "bowl" in bpy.data.objects and not owner.applier.is_busy, "the queue stands still"
        said = owner.applier.failures.get((self._run.job.id, 0), "")
        others = [obj for obj in bpy.data.objects if obj.type == "MESH" and obj.name != "bowl"]
        if said:
            assert not others, "said to be unreadable, and there all the same"
            return said
        assert len(others) == 1, "neither there nor said to be missing"
        _check(others[0])
        return "mesh"


class _Records:
    """A run of earlier: listed, used again, and brought in."""

    def __init__(self, folder: Path, photo: Path) -> None:
        self._folder, self._photo = folder, photo

    def __call__(self, case: str) -> str:
        import bpy
        from drawing import drawn
        from test_history import choose_folder, listed, read

        base = self._folder / case.replace(":", "_")
        write_files(base / "runs" / FOLDER, self._photo)
        (base / "runs" / FOLDER / "run.json").write_bytes(damaged_record(case))
        _clear()
        choose_folder(base)
        try:
            owner = read(in_blender.owner())
            if not owner.history.runs:
                return "skipped"
            listed(owner)
            drawn(in_blender.part("panels.tab").IMG23D_PT_history)
            drawn(in_blender.part("panels.tab").IMG23D_PT_results)
            said = [in_blender.refused(bpy.ops.img23d.reuse_run), in_blender.refused(bpy.ops.img23d.import_run)]
            for obj in bpy.data.objects:
                _check(obj)
            return " ".join(filter(None, said)) or "used"
        finally:
            shutil.rmtree(base)


class _Presets:
    """An artist's preset, and then Generate."""

    def __init__(self, folder: Path, photo: Path) -> None:
        self._path, self._photo = folder / "preset.py", photo
        self._run = in_blender.rehearsal()

    def __call__(self, case: str) -> str:
        import bpy

        self._path.write_text(damaged_preset(case), encoding="utf-8", errors="surrogatepass")
        owner, values = in_blender.owner(), bpy.context.scene.img23d
        owner.session.jobs.clear()
        try:
            bpy.ops.script.execute_preset(filepath=str(self._path), menu_idname="IMG23D_PT_presets")
        except RuntimeError:  # Blender itself says that the preset cannot be executed, where a value is of another kind
            pass
        values.photo, values.names = str(self._photo), "cup"
        said = in_blender.refused(bpy.ops.img23d.generate)
        self._run.tick()
        assert not said or owner.session.active is None, "a request that was refused runs on"
        if not said:
            self._run.finish(0)
            assert owner.session.active is None
        return said or "made"


def _clear() -> None:
    import bpy

    bpy.data.batch_remove([*bpy.data.objects, *bpy.data.meshes, *bpy.data.materials, *bpy.data.images, *bpy.data.collections])


def _check(obj: Any) -> None:
    """What Blender would draw, save and select."""
    if obj.type != "MESH":
        return
    assert not obj.data.validate(), "Blender had to repair the mesh"
    for material in filter(None, obj.data.materials):
        for node in material.node_tree.nodes:
            if node.type == "TEX_IMAGE" and node.image is not None:
                assert len(node.image.pixels) >= 0  # makes Blender decode it
