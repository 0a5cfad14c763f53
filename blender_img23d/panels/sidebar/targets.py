"""What was found in the photo: one line a thing, and below the list what can be corrected about the chosen one."""

from __future__ import annotations

from functools import partial

import bpy

from ...app.owner import extension_or_none
from ...core.tally import is_about
from ...properties import Img23DSceneSettings, Img23DTarget
from ...scene.file.folders import absolute
from ...shared.img23d_protocol.options.edit import THINGS
from ...shared.img23d_protocol.options.settings import engine_named
from ..widgets.steady_rows import Said, draw_gap, draw_slot, guarded_row

_ADVICE, _NOTES_LINES = 2, 3  # lines that are always there
_PICTURE, _SIDE_PICTURE = 5.0, 3.0  # heights in buttons
_COMES_TO = {"inflate": "It will be rounded", "revolve": "It will be turned", "flat": "It will be flat"}
_NOTHING = "What is chosen in the list is shown here."
_SIDES = {"left": "Left", "back": "Back", "right": "Right"}


def draw_item(context: bpy.types.Context, layout: bpy.types.UILayout, item: Img23DTarget) -> None:
    row = layout.row(align=True)
    row.prop(item, "use", text="")
    name = row.row(align=True)
    name.active = item.use and item.has_box
    picture = _cutout(item)
    if picture:
        name.label(text="", icon_value=picture)
    else:
        name.label(text="", icon="OBJECT_DATA" if item.has_box else "QUESTION")
    name.prop(item, "name", text="", emboss=False)
    if not item.name:
        name.label(text="click twice to name it")
    if engine_named(context.scene.img23d.engine).has_kinds:
        row.prop(item, "shape", text="", icon_only=True)
    _draw_state(row, item)


def _draw_state(layout: bpy.types.UILayout, item: Img23DTarget) -> None:
    state = layout.row(align=True)
    state.alignment = "RIGHT"
    if not item.has_box:
        state.label(text="Not found", icon="ERROR")
    elif item.is_drawn:
        state.label(text="", icon="EYEDROPPER" if item.has_point else "GREASEPENCIL")


def _form(item: Img23DTarget) -> int:
    """What it will be."""
    from ...shared.img23d_protocol.files.filenames import form_path

    owner = extension_or_none()
    is_known = owner is not None and item.cutout and item.automatic
    return owner.thumbnails.icon(form_path(item.cutout, item.shape)) if is_known else 0


def _cutout(item: Img23DTarget) -> int:
    owner = extension_or_none()
    return owner.thumbnails.icon(item.cutout) if owner is not None and item.cutout else 0


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    values = context.scene.img23d
    column = panel.layout.column()
    _draw_photo_buttons(column, values)  # above the list, where they are seen at once
    _draw_list(column, context, values)
    column.prop(values, "check_first")
    _draw_advice(column, context, values)
    if _has_details(values):
        _draw_chosen(column, context, _chosen(values))


def _chosen(values: Img23DSceneSettings) -> Img23DTarget | None:
    return values.targets[values.active_target] if 0 <= values.active_target < len(values.targets) else None


def _has_details(values: Img23DSceneSettings) -> bool:
    """From the press on, not from the answer on: by then the mouse may be on what stands below them."""
    owner = extension_or_none()
    return _chosen(values) is not None or (owner is not None and any(job.is_search or job.is_pick for job in owner.session.jobs))


def draw_find_button(layout: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    """For the tab's top, beside Generate."""
    if values.targets:
        layout.operator("img23d.find_targets", text="Find Again", icon="VIEWZOOM")
    else:
        layout.operator("img23d.find_targets", text="Find", icon="VIEWZOOM")


def _draw_list(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    row = layout.row()
    rows = 6  # as many as the buttons beside it take
    row.template_list("IMG23D_UL_targets", "", values, "targets", values, "active_target", rows=rows, maxrows=rows)
    buttons, seen = guarded_column(row, context)
    buttons.operator("img23d.add_target", text="", icon="ADD")
    buttons.operator("img23d.remove_target", text="", icon="REMOVE").seen = seen
    buttons.operator("img23d.duplicate_target", text="", icon="DUPLICATE").seen = seen
    buttons.separator()
    for direction, icon in (("UP", "TRIA_UP"), ("DOWN", "TRIA_DOWN")):
        button = buttons.operator("img23d.move_target", text="", icon=icon)
        button.direction, button.seen = direction, seen
    buttons.separator()
    buttons.operator("img23d.clear_targets", text="", icon="TRASH").seen = seen


def guarded_column(layout: bpy.types.UILayout, context: bpy.types.Context) -> tuple[bpy.types.UILayout, int]:
    """For buttons that work on the list, and which state of it they are drawn for: disabled for a moment after an answer changed it."""
    owner = extension_or_none()
    if owner is None:
        return layout.column(align=True), -1
    return guarded_row(layout, context, owner, "target list", owner.list_changes).column(align=True), owner.list_changes


def _draw_photo_buttons(layout: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    """To the photo, large. The button is shown as chosen while the photo lies over a viewport; the same one closes it."""
    owner = extension_or_none()
    is_open = owner is not None and owner.popup.number > 0
    column = layout.column(align=True)
    column.operator("img23d.pick_in_photo", text="Pick in the Photo", icon="EYEDROPPER", depress=is_open)
    text = "Edit in Image Editor" if values.targets else "Draw Boxes Yourself"
    column.operator("img23d.edit_boxes", text=text, icon="IMAGE_DATA")


def _draw_advice(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    """What the newest search says about the photo, and what comes next where it stands in for a run."""
    owner = extension_or_none()
    newest = owner.session.jobs[0] if owner is not None and owner.session.jobs else None
    said: list[Said] = []
    if newest is not None and newest.is_search and newest.is_over and is_about(newest, absolute(values.photo)):
        said = [Said(text=note, icon="INFO") for note in newest.notes]
        if values.check_first and values.targets:
            said.insert(0, Said(text="Look at what was found, then press Generate again.", icon="INFO"))
    if not values.targets:
        said.append(Said(text="Find shows what the names will find, so that you can correct it before waiting."))
    draw_slot(layout, context, said, lines=_ADVICE)


def _draw_chosen(layout: bpy.types.UILayout, context: bpy.types.Context, item: Img23DTarget | None) -> None:
    """As high where nothing is chosen."""
    box = layout.box()
    values = context.scene.img23d
    engine = engine_named(values.engine)
    _draw_pictures(box, item, has_kinds=engine.has_kinds)
    column, seen = guarded_column(box, context)
    column.operator("img23d.find_target_again", text="Find This Again", icon="VIEWZOOM").seen = seen
    _draw_values(
        box.column(), item, has_kinds=engine.has_kinds, has_faces=engine.makes_meshes(partial(getattr, values)), cleans=values.edit and values.edit_of == THINGS
    )
    if engine.takes_side_photos(partial(getattr, values)):
        _draw_sides(box, context, item, are_in_place_of_views=bool(engine.drawn))
    _draw_notes(box, context, item)  # below what is pressed, which must not move


def _draw_pictures(layout: bpy.types.UILayout, item: Img23DTarget | None, *, has_kinds: bool) -> None:
    pictures = layout.row()
    known = (_cutout(item), _form(item) if has_kinds else 0) if item is not None else ()
    shown = [one for one in known if one]
    for one in shown:
        pictures.template_icon(icon_value=one, scale=_PICTURE)
    if not shown:
        draw_gap(pictures, _PICTURE)


def _draw_values(layout: bpy.types.UILayout, item: Img23DTarget | None, *, has_kinds: bool, has_faces: bool, cleans: bool) -> None:
    if item is None:
        return _draw_lines(layout, (4 if has_kinds else 2) + cleans)
    layout.use_property_split = True
    layout.use_property_decorate = False
    if has_kinds:
        layout.prop(item, "shape")
        layout.label(text=_COMES_TO.get(item.automatic, "") if item.shape == "auto" else "")  # known a moment after the row
    layout.prop(item, "height")
    faces = layout.row()
    faces.active = has_faces
    faces.prop(item, "faces")
    if cleans:
        layout.prop(item, "is_edited")
    return None


def _draw_lines(layout: bpy.types.UILayout, count: int) -> None:
    """Empty ones, in the place of so many fields."""
    for _number in range(count):
        layout.label(text="")


def _draw_sides(layout: bpy.types.UILayout, context: bpy.types.Context, item: Img23DTarget | None, *, are_in_place_of_views: bool) -> None:
    """Three slots: a picture, and what can be done with it."""
    layout.label(text="Further Photos, in place of drawn views" if are_in_place_of_views else "Further Photos")
    owner, slots = extension_or_none(), guarded_column(layout, context)[0].row()
    for side in ("left", "back", "right"):
        path = absolute(getattr(item, f"{side}_photo")) if item is not None else ""
        slot = slots.column(align=True)
        slot.label(text=_SIDES[side])
        picture = owner.thumbnails.icon(path) if owner is not None and path else 0
        if picture:
            slot.template_icon(icon_value=picture, scale=_SIDE_PICTURE)
        else:
            draw_gap(slot, _SIDE_PICTURE)
        buttons = slot.row(align=True)
        buttons.operator("img23d.choose_side", text="", icon="FILEBROWSER").side = side
        buttons.operator("img23d.paste_side", text="", icon="PASTEDOWN").side = side
        clear = buttons.row(align=True)
        clear.enabled = bool(path)
        clear.operator("img23d.clear_side", text="", icon="X").side = side


def _draw_notes(layout: bpy.types.UILayout, context: bpy.types.Context, item: Img23DTarget | None) -> None:
    """Always as high: a search writes them for the row that is chosen."""
    said = _notes(item) if item is not None else [Said(text=_NOTHING)]
    draw_slot(layout, context, said, lines=_NOTES_LINES, in_box=True)


def _notes(item: Img23DTarget) -> list[Said]:
    said = []
    if not item.has_box and not item.note:
        said.append(Said(text="Not found: draw a box around it, or give it another name.", icon="ERROR"))
    if item.note:
        said.append(Said(text=item.note, icon="INFO" if item.has_box else "ERROR"))
    if item.has_point:
        said.append(Said(text="Picked by you: Find leaves it as it is.", icon="EYEDROPPER"))
    elif item.is_drawn:
        said.append(Said(text="Drawn by you: Find leaves this box as it is.", icon="GREASEPENCIL"))
    return said


def is_box_shown(context: bpy.types.Context) -> bool:
    return _has_details(context.scene.img23d)


def draw_box(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    item, column = _chosen(context.scene.img23d), panel.layout.column(align=True)
    if item is None:
        return _draw_lines(column, 4)
    column.use_property_split = True
    column.use_property_decorate = False
    for edge in ("left", "top", "right", "bottom"):
        column.prop(item, edge, slider=True)
    return None
