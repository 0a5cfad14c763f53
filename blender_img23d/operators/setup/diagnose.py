"""Operators for when something went wrong: diagnosis, log, the run's folder, report, and freeing memory."""

from pathlib import Path
from textwrap import wrap

import bpy
from bpy.app.translations import pgettext_rpt, pgettext_tip
from bpy.props import BoolProperty, StringProperty

from ...app.owner import extension, poll_idle, shown_job
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request

_WIDTH = 70  # letters a line of the popup


class IMG23D_OT_doctor(bpy.types.Operator):
    bl_idname = "img23d.doctor"
    bl_label = "Img23D: Check Everything"
    bl_description = "Look at the program, the graphics card, memory, disk, permissions and models; takes some seconds"

    try_stages: BoolProperty(
        name="Try Every Stage",
        description="Make a small test object with each engine that is set up, which loads its models; takes up to some minutes",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_idle(cls)

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        said = cls.bl_rna.properties["try_stages"].description if properties.try_stages else cls.bl_description
        return pgettext_tip(said)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.doctor import begin_checkup, follow_checkup  # not before it is wanted

        owner = extension()
        owner.checkup = begin_checkup(context, owner, try_stages=self.try_stages)
        return follow_checkup(self, owner)


class IMG23D_OT_open_log(bpy.types.Operator):
    bl_idname = "img23d.open_log"
    bl_label = "Img23D: Open Log"
    bl_description = "Open the newest log of the backend in the system's text editor"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.file.logs import newest_log

        log = newest_log()
        if log is None:
            error = bad_request("There is no log yet: it is written when the first job runs.")
            return extension().refuse(self, error)
        bpy.ops.wm.path_open(filepath=str(log))
        return {"FINISHED"}


class IMG23D_OT_open_run_folder(bpy.types.Operator):
    bl_idname = "img23d.open_run_folder"
    bl_label = "Img23D: Open Folder of the Run"
    bl_description = "Open the folder with the cut-outs, meshes and textures of the listed run, or of all runs"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...core.runs.folders import check_openable
        from ...scene.file.folders import runs_base

        owner, base = extension(), runs_base(context)
        job = shown_job(owner, context)
        folder = Path(getattr(job.request, "run_folder", "")) if job is not None else base
        try:
            if job is not None:
                check_openable(folder, base)
            elif not base.is_dir():
                raise bad_request("There is no run yet.")
        except Img23DError as error:
            return owner.refuse(self, error)
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


class IMG23D_OT_copy_report(bpy.types.Operator):
    bl_idname = "img23d.copy_report"
    bl_label = "Img23D: Copy Report"
    bl_description = (
        "Copy versions, what the last check found, the listed run's settings and errors and the end of the log, "
        "to be pasted into a bug report; names of people and computers, addresses and passwords are taken out"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.report import report_text

        owner = extension()
        context.window_manager.clipboard = report_text(owner, shown_job(owner, context))
        self.report({"INFO"}, pgettext_rpt("The report is in the clipboard: paste it where you describe what happened."))
        return {"FINISHED"}


class IMG23D_OT_free_memory(bpy.types.Operator):
    bl_idname = "img23d.free_memory"
    bl_label = "Img23D: Free Memory"
    bl_description = "Ask the backend to give back the memory that it holds only to be faster next time"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_idle(cls, "Memory can be freed when no job is running")

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        try:
            owner.session.unload()
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_read_on(bpy.types.Operator):
    bl_idname = "img23d.read_on"
    bl_label = "Img23D: Read On"
    bl_description = "Show the whole message"
    bl_options = {"INTERNAL"}

    text: StringProperty(name="Message", description="What is shown in full", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip is the message; Blender ends it with a full stop itself."""
        return properties.text.rstrip(".") or cls.bl_description

    def execute(self, context: bpy.types.Context) -> set[str]:
        text = self.text

        def draw(popup: bpy.types.UIPopupMenu, _context: bpy.types.Context) -> None:
            for line in (line for part in text.splitlines() for line in wrap(part, _WIDTH)):
                popup.layout.label(text=line, translate=False)

        context.window_manager.popup_menu(draw, title="Img23D", icon="INFO")
        return {"FINISHED"}


CLASSES = (
    IMG23D_OT_read_on,
    IMG23D_OT_doctor,
    IMG23D_OT_open_log,
    IMG23D_OT_open_run_folder,
    IMG23D_OT_copy_report,
    IMG23D_OT_free_memory,
)
