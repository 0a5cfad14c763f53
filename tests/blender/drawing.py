"""A layout that draws nothing: it knows what Blender would accept, and remembers what an artist would read and press."""

from __future__ import annotations

from types import SimpleNamespace

import bpy

_ICONS = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys()
_NARROW = 280  # pixels: the sidebar as Blender opens it


class Layout:
    """`texts` are labels and bars, `buttons` the operators with what was set on them, `properties` the fields."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.lists: list[dict] = []  # what else was asked for of each list
        self.buttons: list[tuple[str, dict]] = []
        self.properties: list[str] = []
        self.depressed: list[str] = []  # the texts of the buttons that are shown as chosen
        self.layout = self  # a panel's `self.layout`
        self.settings_column = self.column

    def _same(self, *_: object, **__: object) -> Layout:
        return self

    column = row = box = split = _same

    def separator(self, **_: object) -> None:
        pass

    def label(self, *, text: str = "", icon: str = "NONE", icon_value: int = 0, translate: bool = True) -> None:
        assert icon in _ICONS, icon
        self.texts.append(text)

    def progress(self, *, factor: float, text: str) -> None:
        assert 0.0 <= factor <= 1.0
        self.texts.append(text)

    def prop(self, data, name: str, **more: object) -> None:
        is_custom = name.startswith('["') and name[2:-2] in data.keys()  # a custom property of the artist's data
        assert is_custom or name in data.bl_rna.properties, name
        self.properties.append(name)

    def prop_enum(self, data, name: str, value: str, *, text: str = "", icon: str = "NONE") -> None:
        assert icon in _ICONS and value in data.bl_rna.properties[name].enum_items
        self.texts.append(text)

    def operator(self, name: str, *, text: str = "", icon: str = "NONE", depress: bool = False, emboss: bool = True, translate: bool = True) -> SimpleNamespace:
        assert icon in _ICONS, icon
        family, _, verb = name.partition(".")
        known = getattr(getattr(bpy.ops, family), verb).get_rna_type().properties.keys()
        button = _Button(known)
        self.buttons.append((name, button.values))
        self.depressed += [text] if depress else []
        return button

    def menu(self, name: str, *, text: str = "", icon: str = "NONE") -> None:
        assert icon in _ICONS and hasattr(bpy.types, name), name

    def template_list(self, kind: str, *_: object, **more: object) -> None:
        self.texts.append(kind)
        self.lists.append(more)

    def template_icon(self, **_: object) -> None:
        pass

    @property
    def said(self) -> str:
        """What is read at once and, where a message has more lines than its place, in its tooltip."""
        tooltips = [values["text"] for values in self.pressed("img23d.read_on")]
        return " ".join(" ".join([*self.texts, *tooltips]).split())

    def pressed(self, name: str) -> list[dict]:
        """What stands on the buttons of that operator."""
        return [values for operator, values in self.buttons if operator == name]


class _Button(SimpleNamespace):
    def __init__(self, known) -> None:
        super().__init__()
        object.__setattr__(self, "known", known)
        object.__setattr__(self, "values", {})

    def __setattr__(self, name: str, value: object) -> None:
        assert name in self.known, name
        self.values[name] = value


def drawn(panel) -> Layout:
    """The panel as it is now, in a narrow sidebar."""
    layout = Layout()
    context = SimpleNamespace(
        scene=bpy.context.scene,
        preferences=_preferences(),
        window_manager=bpy.context.window_manager,
        object=bpy.context.object,
        selected_objects=bpy.context.selected_objects,
        region=SimpleNamespace(width=_NARROW),
        space_data=bpy.context.space_data,
        workspace=bpy.context.workspace,
    )
    panel.draw(layout, context)
    return layout


def _preferences() -> SimpleNamespace:
    """Blender as a module has no window, and therefore no scale."""
    real = bpy.context.preferences
    return SimpleNamespace(addons=real.addons, ui_styles=real.ui_styles, system=SimpleNamespace(ui_scale=1.0))
