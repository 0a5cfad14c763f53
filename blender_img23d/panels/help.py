"""The help panel: diagnosis, log, report, freeing memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..app.owner import extension_or_none
from .widgets.fixes import draw_fix
from .widgets.text import draw_sentence

if TYPE_CHECKING:
    from ..app.doctor import Checkup
    from ..shared.img23d_protocol.findings import Finding

_ICONS = {"problem": "CANCEL", "warning": "ERROR", "note": "INFO", "good": "CHECKMARK"}


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension_or_none()
    checkup = owner.checkup if owner is not None else None
    column = panel.layout.column()
    column.operator("img23d.doctor", text="Check Everything", icon="VIEWZOOM").try_stages = False
    column.operator("img23d.doctor", text="Try Every Stage", icon="PLAY").try_stages = True
    if checkup is not None:
        _draw_checkup(column, context, checkup)
    column.separator()
    files = column.column(align=True)
    files.operator("img23d.copy_report", text="Copy Report", icon="COPYDOWN")
    files.operator("img23d.open_log", text="Open Log", icon="TEXT")
    files.operator("img23d.open_run_folder", text="Open Folder of the Run", icon="FILE_FOLDER")
    files.operator("img23d.free_memory", text="Free Memory", icon="TRASH")


def _draw_checkup(layout: bpy.types.UILayout, context: bpy.types.Context, checkup: Checkup) -> None:
    if not checkup.is_over:
        draw_sentence(layout, context, _("Looking, see above..."), icon="TIME")
        return
    draw_sentence(layout, context, _(checkup.summary))
    for finding in checkup.findings:
        if finding.level == "good":
            _draw_good(layout, context, finding)
        else:
            _draw_finding(layout, context, finding)


def _draw_finding(layout: bpy.types.UILayout, context: bpy.types.Context, finding: Finding) -> None:
    box = layout.box().column()
    box.label(text=finding.what, icon=_ICONS[finding.level])
    draw_sentence(box, context, _(finding.sentence), in_box=True)
    draw_fix(box, finding.action)


def _draw_good(layout: bpy.types.UILayout, context: bpy.types.Context, finding: Finding) -> None:
    said = f"{_(finding.what)}: {_(finding.sentence)}"
    draw_sentence(layout, context, said, icon=_ICONS[finding.level])
