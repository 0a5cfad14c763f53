"""Where it runs: this machine, or one of those in the list, whose tokens are in files of their own and not in the preferences."""

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as _
from bpy.props import StringProperty

from ..core.session import app
from . import ROOT_PACKAGE

_HIDDEN = {"HIDDEN"}


def tokens_folder() -> Path:
    """Blender removes it with the extension."""
    return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path="machines"))


def _token(machine: "Img23DMachine") -> str:
    from ..core.machines import read_token  # late: only the open preferences ask for it

    return read_token(tokens_folder(), machine.key)


def _set_token(machine: "Img23DMachine", value: str) -> None:
    from ..core.machines import write_token

    write_token(tokens_folder(), machine.key, value)
    _changed(machine, bpy.context)


def _changed(machine: "Img23DMachine", context: bpy.types.Context) -> None:
    owner = app.installed()
    if owner is not None:
        owner.on_machine_changed(machine.key)


class Img23DMachine(bpy.types.PropertyGroup):
    """One of the list."""

    name: StringProperty(name="Name", description="What this machine is called in Blender")
    key: StringProperty(options=_HIDDEN)
    address: StringProperty(
        name="Address",
        description="Where img23d serve listens on that machine, such as workstation:10006, or https://workstation:10006 where it has a certificate",
        update=_changed,
    )
    token: StringProperty(
        name="Token",
        description="What the server said at its start. It is kept in a file that only you can read, and not in Blender's preferences",
        subtype="PASSWORD",
        get=_token,
        set=_set_token,
    )
    certificate: StringProperty(
        name="Certificate",
        description="With https: the file (PEM) of the server's own certificate, or of who has signed it; left empty, what this system trusts",
        subtype="FILE_PATH",
        update=_changed,
    )


def draw_where_it_runs(layout: bpy.types.UILayout, values: bpy.types.AddonPreferences) -> None:
    layout.label(text="Where It Runs")
    choices = layout.column(align=True)
    _draw_choice(choices, _("This Machine"), "", values.machine)
    for machine in values.machines:
        _draw_choice(choices, machine.name or machine.address or _("Another Machine"), machine.key, values.machine)
    layout.operator("img23d.add_machine", text="Add a Machine", icon="ADD")
    chosen = values.chosen_machine
    if chosen is not None:
        _draw_machine(layout.box().column(), chosen)


def _draw_choice(layout: bpy.types.UILayout, text: str, key: str, chosen: str) -> None:
    icon = "RADIOBUT_ON" if key == chosen else "RADIOBUT_OFF"
    layout.operator("img23d.choose_machine", text=text, icon=icon, depress=key == chosen, translate=False).machine = key


def _draw_machine(layout: bpy.types.UILayout, machine: Img23DMachine) -> None:
    for name in ("name", "address", "token", "certificate"):
        layout.prop(machine, name)
    for text, icon in _warnings(machine):
        layout.label(text=text, icon=icon)
    row = layout.row(align=True)
    row.operator("img23d.test_machine", text="Test the Connection", icon="LINKED").machine = machine.key
    row.operator("img23d.remove_machine", text="Remove", icon="X").machine = machine.key
    owner = app.installed()
    tested = owner.tested.get(machine.key) if owner is not None else None
    if tested is not None:
        icon = "TIME" if not tested.is_over else "CHECKMARK" if tested.is_good else "ERROR"
        for number, line in enumerate(_lines(tested.sentence)):
            layout.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


def _warnings(machine: Img23DMachine) -> list[tuple[str, str]]:
    """Of an address that cannot be used, or that lets others read along."""
    from ..shared.img23d_protocol import Img23DError
    from ..shared.img23d_protocol.machines.address import read_address

    if not machine.address.strip():
        return []
    try:
        address = read_address(machine.address)
    except Img23DError as error:
        return [(error.sentence, "ERROR")]
    said = []
    if address.is_readable:
        said.append(("Without https everybody in the network can read what is sent, the token included.", "ERROR"))
    if not address.is_loopback and not bpy.app.online_access:
        said.append(("Blender may not use the network: allow online access in the preferences, under System.", "INTERNET_OFFLINE"))
    return said


def _lines(sentence: str) -> list[str]:
    """As wide as the preferences usually are."""
    from textwrap import wrap

    return wrap(_(sentence), 90)


CLASSES = (Img23DMachine,)
