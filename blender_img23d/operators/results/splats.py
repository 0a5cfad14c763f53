"""Gaussian splats by hand: files of anyone's come in by the file browser or by dropping them, and objects of splats go out."""

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, StringProperty

from ...app.owner import extension
from ...scene.mesh.chosen import is_splats
from ...shared.img23d_protocol import Img23DError

_ENDINGS = (".ply", ".spz")
_PATTERN = ";".join(f"*{ending}" for ending in _ENDINGS)


class IMG23D_FH_splats(bpy.types.FileHandler):
    """Blender imports PLY itself, so it asks at the mouse whose import is meant; SPZ is ours alone."""

    bl_idname = "IMG23D_FH_splats"
    bl_label = "Img23D Gaussian Splats"
    bl_import_operator = "img23d.import_splats"
    bl_file_extensions = ";".join(_ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in ("VIEW_3D", "OUTLINER")


class IMG23D_OT_import_splats(bpy.types.Operator):
    bl_idname = "img23d.import_splats"
    bl_label = "Img23D: Import Gaussian Splats"  # in the menu that Blender shows when a PLY is dropped
    bl_description = "Bring in Gaussian splats from PLY or SPZ files, each as an object that the viewport and renders show"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="A PLY or SPZ file with splats", subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: StringProperty(name="Folder", description="The folder of the files", subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(default=_PATTERN, options={"HIDDEN"})
    up: EnumProperty(
        name="Upright",
        description="Which of the file's axes points up: choose another where the splats lie on their side",
        items=[
            ("AUTO", "As Usual for the File", "Y down for PLY, Y up for SPZ, as nearly all programs write them"),
            ("Y_DOWN", "Y Down", "As trainers of splats write PLY"),
            ("Y_UP", "Y Up", "As SPZ and glTF have it"),
            ("Z_UP", "Z Up", "As in Blender"),
        ],
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.files or self.filepath:  # dropped
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.splats import bring_in
        from ...scene.view.selection import check_mode, select_only

        paths = [str(Path(self.directory, file.name)) for file in self.files if file.name] or [self.filepath]
        try:
            check_mode(context)
            brought = bring_in(paths, None if self.up == "AUTO" else self.up, context)
        except Img23DError as error:
            return extension().refuse(self, error)
        select_only(brought.objects, context.view_layer)
        self.report({"WARNING" if brought.is_partial else "INFO"}, brought.told)
        return {"FINISHED"}


class IMG23D_OT_export_splats(bpy.types.Operator):
    bl_idname = "img23d.export_splats"
    bl_label = "Export Splats"  # the button in the file browser holds no more
    bl_description = (
        "Write the splats of the selected objects into one file, where they stand and as large as they are in the scene: all of them, however many are shown"
    )
    bl_options = {"REGISTER"}

    filepath: StringProperty(name="File", description="The file to write", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default=_PATTERN, options={"HIDDEN"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})
    kind: EnumProperty(
        name="Format",
        description="What kind of file it becomes",
        items=[
            (".ply", "PLY", "Every program that knows splats reads it; exact, and large"),
            (".spz", "SPZ", "A tenth as large (version 3); places, colours and turns are rounded"),
        ],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select an object made of Gaussian splats"))
        return any(is_splats(obj) for obj in context.selected_objects)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            first = next(obj for obj in context.selected_objects if is_splats(obj))
            self.filepath = bpy.path.clean_name(first.name) + self.kind
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: bpy.types.Context) -> bool:
        """The name follows the format while the file browser is open."""
        path = Path(self.filepath)
        bare = path.stem if path.suffix.lower() in _ENDINGS else path.name
        named = str(path.with_name(bare + self.kind)) if bare else self.filepath
        is_other, self.filepath = named != self.filepath, named
        return is_other

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.splats.exporter import export_splats
        from ...scene.view.selection import check_mode

        path = Path(bpy.path.abspath(self.filepath))
        path = path if path.suffix.lower() in _ENDINGS else path.with_name(path.name + self.kind)
        try:
            check_mode(context)
            count = export_splats([obj for obj in context.selected_objects if is_splats(obj)], path, context)
        except Img23DError as error:
            return extension().refuse(self, error)
        told = _("{count} splats are in “{name}” now.").format(count=count, name=path.name)
        self.report({"INFO"}, told)
        return {"FINISHED"}


CLASSES = (IMG23D_FH_splats, IMG23D_OT_import_splats, IMG23D_OT_export_splats)
