"""The photo large over a 3D viewport: where it lies, what clicks and keys do there, and when it goes by itself."""

from __future__ import annotations

import os
import struct
import zlib
from types import FunctionType, SimpleNamespace

import bpy
import numpy as np
import photos
import pytest
from conftest import part
from test_picking import SIZE, answer, asked, names_of  # fixtures
from test_picking import looked as looked
from test_picking import own_photo as own_photo
from test_picking import picking as picking

FREE = (100.0, 50.0, 900.0, 750.0)  # of the viewport, in the window's pixels
PHOTO_SIZE = (180, 80)  # of the fixture's photo


@pytest.fixture
def viewport() -> bpy.types.Area:
    return next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")


@pytest.fixture
def as_in_a_window(monkeypatch):
    """A Blender without a window knows no sizes."""
    module = part("scene.picking.popup")
    monkeypatch.setattr(module, "uncovered", lambda area: FREE)
    monkeypatch.setattr(module, "_scale", lambda: 1.0)


class Hand:
    """The operator's own code on a plain object, since Blender makes operators by itself."""

    def __init__(self, owner, area) -> None:
        operator = part("operators.photo.picking").IMG23D_OT_pick_in_photo
        functions = {name: one for name, one in vars(operator).items() if isinstance(one, FunctionType)}
        self.button = type("Button", (), functions)()
        self.button.report = lambda kind, text: self.reports.append(text)
        self.reports: list[str] = []
        self.cursors: list[str] = []
        self.owner, self.is_modal = owner, False
        window = SimpleNamespace(cursor_modal_set=self.cursors.append, cursor_modal_restore=lambda: self.cursors.append(""))
        self.context = SimpleNamespace(
            area=area, screen=bpy.context.screen, window=window, scene=bpy.context.scene, region=None,
            preferences=bpy.context.preferences,
            window_manager=SimpleNamespace(
                img23d=bpy.context.window_manager.img23d, modal_handler_add=lambda _: setattr(self, "is_modal", True), windows=bpy.context.window_manager.windows
            ),
        )  # fmt: skip

    def open(self) -> set[str]:
        return self.button.invoke(self.context, None)

    def does(self, kind: str, x: float, y: float, value: str = "PRESS", **keys: bool) -> set[str]:
        event = SimpleNamespace(type=kind, value=value, mouse_x=x, mouse_y=y, **{"ctrl": False, "oskey": False, **keys})
        return self.button.modal(self.context, event)

    def over(self, x: float, y: float) -> tuple[float, float]:
        """The window's pixel at a place of the labels."""
        popup = self.owner.popup
        return popup._view(self.context.area).to_region(x / SIZE[0], y / SIZE[1])


@pytest.fixture
def hand(looked, owner, viewport, as_in_a_window) -> Hand:
    """It is open, and the photo was looked at."""
    hand = Hand(owner, viewport)
    assert hand.open() == {"RUNNING_MODAL"} and hand.is_modal
    yield hand
    owner.popup.close()


def test_a_click_makes_a_row_and_one_undo_step(hand, values, owner):
    bpy.ops.ed.undo_push(message="before")
    assert hand.does("LEFTMOUSE", *hand.over(10, 15)) == {"RUNNING_MODAL"}
    hand.does("LEFTMOUSE", *hand.over(30, 24))
    assert names_of(values) == ["Thing 1", "Thing 2"] and owner.popup.number
    bpy.ops.ed.undo()
    assert [os.path.basename(row.cutout) for row in bpy.context.scene.img23d.targets] == ["0.png"]


def test_ctrl_picks_the_part_and_the_buttons_switch(hand, values, owner):
    hand.does("LEFTMOUSE", *hand.over(30, 12), ctrl=True)
    assert [os.path.basename(row.cutout) for row in values.targets] == ["2.png"]
    (parts,) = [one for one in owner.popup._buttons(hand.context.area) if one.name == "PARTS"]
    hand.does("LEFTMOUSE", (parts.rect[0] + parts.rect[2]) / 2, (parts.rect[1] + parts.rect[3]) / 2)
    try:
        assert bpy.context.window_manager.img23d.picks == "PARTS" and len(values.targets) == 1
    finally:
        bpy.context.window_manager.img23d.picks = "THINGS"


def test_beside_the_photo_a_click_is_one_sentence(hand, values, owner):
    hand.does("LEFTMOUSE", 500, 745)
    assert not values.targets and owner.picker.sentence == "Click inside of the photo to pick something."
    assert len(asked_of(owner)) == 0


def asked_of(owner) -> list:
    return [job for job in owner.session.jobs if job.is_pick and job.request.point is not None]


def test_what_is_under_the_mouse_is_outlined_and_nothing_is_asked_for_it(hand, owner):
    hand.does("MOUSEMOVE", *hand.over(10, 15), value="NOTHING")
    assert owner.popup._under == ("photo", 0) and hand.cursors[-1] == "EYEDROPPER"
    hand.does("MOUSEMOVE", *hand.over(20, 28), value="NOTHING")
    assert owner.popup._under == ("photo", -1)
    assert hand.does("MOUSEMOVE", 950, 400, value="NOTHING") == {"PASS_THROUGH"}
    assert owner.popup._under == ("", -1) and hand.cursors[-1] == "", "the sidebar has its own cursor"


@pytest.mark.parametrize("ending", ["ESC", "RET", "RIGHTMOUSE", "DONE"])
def test_it_ends(hand, owner, ending):
    if ending == "DONE":
        (done,) = [one for one in owner.popup._buttons(hand.context.area) if one.name == "DONE"]
        assert hand.does("LEFTMOUSE", done.rect[0] + 3, done.rect[1] + 3) == {"FINISHED"}
    else:
        assert hand.does(ending, 400, 400) == {"FINISHED"}
    assert not owner.popup.number and not owner.popup.is_over(hand.context.area)


def test_the_sidebar_can_be_used_meanwhile_and_keys_do_nothing_to_the_scene_behind(hand, owner):
    for kind in ("LEFTMOUSE", "X", "RET", "RIGHTMOUSE"):
        assert hand.does(kind, 950, 400) == {"PASS_THROUGH"} and owner.popup.number
    assert hand.does("X", 400, 400) == {"RUNNING_MODAL"}, "would delete what is selected behind it"
    assert hand.does("Z", 400, 400, ctrl=True) == {"PASS_THROUGH"}, "undo is Blender's own"


@pytest.mark.parametrize("ending", ["released over the sidebar", "another program is in front"])
def test_a_middle_button_that_is_let_go_elsewhere_moves_the_photo_no_more(hand, owner, ending):
    for _ in range(4):
        hand.does("WHEELUPMOUSE", 400, 400)
    hand.does("MIDDLEMOUSE", 400, 400)
    hand.does("MOUSEMOVE", 420, 400)
    if ending == "released over the sidebar":
        assert hand.does("MIDDLEMOUSE", 950, 400, value="RELEASE") == {"PASS_THROUGH"}
    else:
        hand.does("WINDOW_DEACTIVATE", 420, 400)
    before = owner.popup.to_photo(400, 400)
    hand.does("MOUSEMOVE", 500, 450)
    assert owner.popup.to_photo(400, 400) == before


def test_what_cannot_be_drawn_is_closed_and_the_image_editor_is_taken_next(hand, owner, viewport, monkeypatch):
    """Nobody could see what takes the clicks. As Blender calls it, on a card that has no memory left."""
    monkeypatch.setattr(part("scene.picking.popup"), "bpy", SimpleNamespace(**{**vars(bpy), "context": SimpleNamespace(
        area=viewport, region=SimpleNamespace(x=0, y=0), scene=bpy.context.scene, window_manager=bpy.context.window_manager
    )}))  # fmt: skip
    monkeypatch.setattr(owner.popup, "_paint", lambda *_: (_ for _ in ()).throw(MemoryError))
    owner.popup._draw()
    owner.popup._draw()
    monkeypatch.undo()
    owner.popup.update()
    assert not owner.popup.number and hand.does("MOUSEMOVE", 400, 400) == {"FINISHED", "PASS_THROUGH"}
    shown = []
    hand.button.execute = lambda context: shown.append(context) or {"FINISHED"}
    try:
        assert hand.open() == {"FINISHED"} and shown and not owner.popup.number
    finally:
        owner.popup.has_failed = False


def test_the_mouse_is_given_back_where_blender_ends_it(hand):
    """A file is loaded, or the window is closed."""
    hand.does("MOUSEMOVE", 400, 400)
    assert hand.cursors == ["EYEDROPPER"]
    hand.button.cancel(hand.context)
    assert hand.cursors[-1] == ""


def test_the_mouse_is_given_back_where_the_extension_goes(hand, owner, monkeypatch):
    """Blender ends a running operator without a word then."""
    restored, (window, area) = [], owner.popup._place()
    fake = SimpleNamespace(cursor_modal_restore=lambda: restored.append(window))
    monkeypatch.setattr(owner.popup, "_place", lambda: (fake, area))
    owner.popup.close()
    assert restored


def test_another_file_takes_no_memory_for_the_photo_of_the_one_before(owner, empty_file):
    kept = object()
    owner.overlay._stroke_overlay, owner.overlay._highlight = kept, kept
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    assert owner.overlay._stroke_overlay is None and owner.overlay._highlight is None
    owner.overlay._stroke_overlay, owner.overlay._highlight = kept, kept
    owner.overlay.detach()
    assert owner.overlay._stroke_overlay is None and owner.overlay._highlight is None
    owner.overlay.attach()


def test_the_same_button_closes_it(hand, owner):
    assert hand.open() == {"CANCELLED"} and not owner.popup.number
    assert hand.does("MOUSEMOVE", 400, 400) == {"FINISHED", "PASS_THROUGH"}


def test_opened_again_the_first_one_is_over(hand, owner, viewport):
    owner.popup.close()
    other = Hand(owner, viewport)
    other.open()
    assert "FINISHED" in hand.does("LEFTMOUSE", 400, 400) and owner.popup.number
    assert other.does("MOUSEMOVE", 400, 400) == {"RUNNING_MODAL"}


def test_another_photo_ends_it(hand, values, owner, pictures):
    values.photo = str(photos.write_png(pictures / "other.png", photos.three_things(*PHOTO_SIZE)))
    owner.popup.update()
    assert not owner.popup.number and "FINISHED" in hand.does("LEFTMOUSE", 400, 400)


def test_another_file_ends_it(hand, owner, empty_file):
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    assert not owner.popup.number
    hand.button.cancel(bpy.context)


def test_an_area_that_is_gone_or_shows_something_else_ends_it(hand, owner, viewport):
    viewport.type = "OUTLINER"
    try:
        assert owner.popup.on(400, 400) == ""
        owner.popup.update()
        assert not owner.popup.number
    finally:
        viewport.type = "VIEW_3D"


def test_a_run_that_begins_ends_it_and_one_that_goes_on_does_not(looked, values, owner, viewport, as_in_a_window):
    hand = Hand(owner, viewport)
    hand.open()
    values.names = "cup"
    bpy.ops.img23d.generate()
    owner.popup.update()
    assert not owner.popup.number
    hand.open()
    owner.popup.update()
    assert owner.popup.number, "it was opened during the run"
    assert hand.does("LEFTMOUSE", *hand.over(10, 15)) == {"RUNNING_MODAL"} and len(values.targets) == 1
    owner.popup.close()


def test_where_a_run_keeps_the_backend_the_photo_is_looked_at_afterwards(picking, values, owner, viewport, as_in_a_window, tmp_path):
    values.names = "cup"
    bpy.ops.img23d.find_targets()
    picking.tick()
    hand = Hand(owner, viewport)
    assert hand.open() == {"RUNNING_MODAL"} and "running" in owner.popup.says(bpy.context.scene)[0]
    owner.popup.update()
    assert not asked(picking)
    search = owner.session.jobs[0].id
    bpy.ops.img23d.cancel()
    picking.link.say(picking.messages.Cancelled(job=search))
    picking.tick()
    owner.popup.update()  # as the pump does in a window
    picking.tick()
    assert len(asked(picking)) == 1 and owner.popup.says(bpy.context.scene)[0] == "Looking at the photo"
    picking.tick()
    answer(picking, tmp_path)
    assert hand.does("LEFTMOUSE", *hand.over(10, 15)) and len(values.targets) == 1
    owner.popup.close()


def test_a_photo_that_cannot_be_read_is_refused_and_nothing_opens(values, owner, viewport, as_in_a_window, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"this is not a picture" * 9)
    values.photo = str(tmp_path / "broken.png")
    hand = Hand(owner, viewport)
    assert hand.open() == {"CANCELLED"} and not hand.is_modal and not owner.popup.number
    assert "broken.png" in hand.reports[0] and not bpy.data.images


def test_nothing_of_it_stays_in_the_file(hand):
    assert not bpy.data.images


def test_in_a_small_viewport_or_beside_an_image_editor_with_the_photo_the_image_editor_is_taken(looked, owner, viewport, as_in_a_window, monkeypatch):
    module = part("scene.picking.popup")
    context = Hand(owner, viewport).context
    assert module.has_room(context)
    monkeypatch.setattr(module, "uncovered", lambda area: (0.0, 0.0, 479.0, 800.0))
    assert not module.has_room(context)
    monkeypatch.setattr(module, "uncovered", lambda area: FREE)
    bpy.ops.img23d.edit_boxes()
    assert not module.has_room(context)


def test_the_tooltip_tells_where_it_is_done(owner):
    operator = part("operators.photo.picking").IMG23D_OT_pick_in_photo
    assert "over the viewport" in operator.bl_description
    assert operator.description(SimpleNamespace(area=SimpleNamespace(type="VIEW_3D")), None) == "", "then Blender takes that one"
    assert "Outline" in operator.description(SimpleNamespace(area=SimpleNamespace(type="IMAGE_EDITOR")), None)


def test_it_goes_with_the_extension(hand, owner):
    part("registration")._end_owner()
    assert not owner.popup.number and part("core.session.app").installed() is None
    assert hand.does("LEFTMOUSE", 400, 400) == {"FINISHED", "PASS_THROUGH"}
    part("core.session.app").install(part("registration")._make_owner)


# --- where it lies --------------------------------------------------------------------------------------------------


def test_the_photo_is_as_large_as_it_fits_and_what_is_under_the_mouse_stays_when_it_is_zoomed():
    framing = part("scene.picking.popup_layout").Framing(aspect=0.5)
    room = (100, 200, 900, 1000)
    view = framing.view(room)
    assert view.width == pytest.approx(800, abs=30) and view.height == pytest.approx(view.width / 2)
    assert view.to_photo(500, 600) == pytest.approx((0.5, 0.5))
    near = framing.zoomed(room, (300, 650), 3.0)
    assert near.view(room).to_photo(300, 650) == pytest.approx(view.to_photo(300, 650))
    assert near.view(room).width == pytest.approx(3 * view.width)
    assert near.zoomed(room, (500, 600), 1 / 9).view(room) == view, "never smaller than it fits, and back in the middle"
    far = near.moved(room, 1e6, -1e6).view(room)
    assert far.to_region(0, 0)[0] <= 500 <= far.to_region(1, 1)[0], "it never leaves its room"


def region(kind: str, x: int, y: int, width: int, height: int) -> SimpleNamespace:
    return SimpleNamespace(type=kind, x=x, y=y, width=width, height=height)


def test_what_headers_and_sidebars_lie_over_is_not_free():
    uncovered = part("scene.view.uncovered").uncovered
    whole = region("WINDOW", 10, 20, 1000, 700)
    over = [region("HEADER", 10, 694, 1000, 26), region("TOOL_HEADER", 10, 668, 1000, 26), region("TOOLS", 10, 20, 50, 648)]
    sidebar, hidden = region("UI", 730, 20, 280, 648), region("ASSET_SHELF", 10, 20, 1000, 1)
    assert uncovered(SimpleNamespace(regions=[*over, sidebar, hidden, whole])) == (60, 20, 730, 668)
    assert uncovered(SimpleNamespace(regions=[region("UI", 1009, 20, 1, 648), whole])) == (10, 20, 1010, 720)
    beside = [region("UI", 1010, 20, 280, 700), region("HEADER", 10, 720, 1280, 26)]
    assert uncovered(SimpleNamespace(regions=[*beside, whole])) == (10, 20, 1010, 720), "where nothing overlaps"
    quad = [region("WINDOW", x, y, 499, 349) for x in (10, 511) for y in (20, 371)]
    assert uncovered(SimpleNamespace(regions=[sidebar, *quad])) == (10, 20, 730, 720)


def test_a_photo_of_more_bits_is_as_bright_as_in_a_viewer(owner, tmp_path):
    """16 bits a channel (PNG specification, 11.2.1): its values are sRGB, and Blender holds them as light."""
    rows = b"".join(b"\0" + struct.pack(">H", 0x8080) * 18 for _ in range(4))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 6, 4, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts]
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    shown = part("scene.photo.image").read_photo(str(tmp_path / "deep.png"), 64)
    assert shown.shape == (4, 6, 4) and shown[2, 2, 0] == pytest.approx(128 / 255, abs=0.003) and not bpy.data.images


@pytest.mark.parametrize(("version", "light"), [((4, 2, 0), 0.2140), ((4, 5, 3), 0.2140), ((5, 0, 0), 0.5), ((5, 2, 2), 0.5)])
def test_the_photo_has_its_own_colours_in_every_blender(version, light):
    """In real 4.3 a grey of 187 was seen as 223. Light by the table of IEC 61966-2-1; what covers a part of it does not change."""
    drawn = part("scene.photo.overlay_drawing").as_drawn(np.array([[(0.5, 0.0, 1.0, 0.5)]], np.float32), version)
    assert drawn[0, 0] == pytest.approx((light, 0.0, 1.0, 0.5), abs=1e-4)
