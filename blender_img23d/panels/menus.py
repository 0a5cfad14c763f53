"""F3 search finds what stands in a menu: Add > Img23D for what makes objects, Object > Img23D for what changes one."""

from __future__ import annotations

import bpy

from .late import drawn_by


class IMG23D_MT_cancel_target(bpy.types.Menu):
    bl_idname = "IMG23D_MT_cancel_target"
    bl_label = "Cancel One"
    draw = drawn_by("menu_entries", "draw_cancel_target")


class IMG23D_MT_quality(bpy.types.Menu):
    bl_idname = "IMG23D_MT_quality"
    bl_label = "Quality"
    draw = drawn_by("menu_entries", "draw_quality")


class IMG23D_MT_add(bpy.types.Menu):
    bl_idname = "IMG23D_MT_add"
    bl_label = "Img23D"
    draw = drawn_by("menu_entries", "draw_add")


class IMG23D_MT_targets(bpy.types.Menu):
    bl_idname = "IMG23D_MT_targets"
    bl_label = "Found in the Photo"
    draw = drawn_by("menu_entries", "draw_targets")


class IMG23D_MT_object(bpy.types.Menu):
    bl_idname = "IMG23D_MT_object"
    bl_label = "Img23D"
    draw = drawn_by("menu_entries", "draw_object")


def _draw_in_add(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(IMG23D_MT_add.bl_idname, icon="IMAGE_DATA")


def _draw_in_object(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(IMG23D_MT_object.bl_idname, icon="IMAGE_DATA")


def _draw_in_import(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.operator("img23d.import_splats", text="Gaussian Splats (.ply/.spz)")


def _draw_in_export(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.operator("img23d.export_splats", text="Gaussian Splats (.ply/.spz)")


_draw_in_image = drawn_by("sidebar.photo", "draw_in_image_menu")


def attach() -> None:
    bpy.types.VIEW3D_MT_add.append(_draw_in_add)
    bpy.types.VIEW3D_MT_object.append(_draw_in_object)
    bpy.types.IMAGE_MT_image.append(_draw_in_image)
    bpy.types.TOPBAR_MT_file_import.append(_draw_in_import)
    bpy.types.TOPBAR_MT_file_export.append(_draw_in_export)


def detach() -> None:
    bpy.types.TOPBAR_MT_file_export.remove(_draw_in_export)
    bpy.types.TOPBAR_MT_file_import.remove(_draw_in_import)
    bpy.types.IMAGE_MT_image.remove(_draw_in_image)
    bpy.types.VIEW3D_MT_object.remove(_draw_in_object)
    bpy.types.VIEW3D_MT_add.remove(_draw_in_add)


CLASSES = (IMG23D_MT_cancel_target, IMG23D_MT_quality, IMG23D_MT_add, IMG23D_MT_targets, IMG23D_MT_object)
