"""What a search found becomes the scene's list of targets, and its cut-outs the list's pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy

from ...core.boxes.targets import Row, found_again, with_found
from ...core.jobs import Job
from ...properties import Img23DSceneSettings, Img23DTarget
from ...shared.img23d_protocol.messages import (
    Box,
    CutoutReady,
    FormsReady,
    LocatedTarget,
    PictureReady,
    Point,
    ShapeKind,
    Side,
    SidePhoto,
    TargetFailed,
    Wanted,
)
from ..file.file_state import FileState
from ..file.folders import absolute
from ..file.windows import push_undo, why_not_now, workplace_of

_PERCENT = 100.0
_SAME = ("name", "use", "is_drawn", "found_as", "note", "cutout", "strokes", "automatic", "faces", "is_edited")  # in the list and in `Row`
# What a row's cut-out depends on: its box's edges in percent, its picked point and its strokes; or the name that was not found.
Look = tuple[float | str, ...]


@dataclass(kw_only=True)
class _Search:
    """Of which scene, and what was typed there; `again` is the name of the row that is looked for, if it is only one."""

    scene_uid: int
    names: str
    row: int = 0
    again: str | None = None
    looks: tuple[Look, ...] = ()  # by answer, once it is there; empty for what no row took


class TargetFiller:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self._files = files
        self._searches: dict[str, _Search] = {}  # by job
        # The cut-out's path and what there is to know about it, by photo: an undo takes both out of the list, and they stay true.
        self._known: dict[tuple[str, Look], tuple[str, str]] = {}
        self._forms: dict[tuple[str, Look], str] = {}  # the kind that AUTO comes to, by the same
        self._outdated: set[str] = set()  # paths of cut-outs that were edited since
        self.changes = 0  # answers that have changed a list by themselves
        self.is_stale = False  # an answer has come, or an undo: rows may lack what is known about them

    def expect(self, job: Job, scene: bpy.types.Scene, *, only: bool = False) -> None:
        """The answer goes into this scene's list; with `only` into the row that is chosen now."""
        values = scene.img23d
        search = _Search(scene_uid=scene.session_uid, names=values.names)
        if only:
            search.row, search.again = values.active_target, values.targets[values.active_target].name
        self._searches[job.id] = search

    def on_located(self, job: Job, found: tuple[LocatedTarget, ...]) -> None:
        """Fills the list; an answer to another file, scene or photo is dropped."""
        search, scene = self._search_of(job)
        if search is None:
            return
        if search.again is None:
            search.looks = _answer_all(scene, search, job.request.wanted, found)
        else:
            search.looks = _answer_one(scene, search, found)
        self.changes += 1
        for look in search.looks:
            self._known.pop((job.request.photo, look), None)
            self._forms.pop((job.request.photo, look), None)
        place = workplace_of(scene)
        if not why_not_now(place):  # otherwise it becomes a part of the artist's next step
            push_undo(place, "Img23D: Find in Photo")

    def on_cutout(self, job: Job, message: CutoutReady) -> None:
        self._learn(job, message.target, job.file(message.file), message.note)

    def on_edited(self, job: Job, message: PictureReady) -> None:
        """What a model has made of the cut-out takes its place."""
        search, _ = self._search_of(job)
        look = search.looks[message.target] if search is not None and message.target < len(search.looks) else ()
        if look:
            self._outdated.add(self._known.get((job.request.photo, look), ("", ""))[0])
            self._learn(job, message.target, job.file(message.file), message.note)

    def on_forms(self, job: Job, message: FormsReady) -> None:
        """The pictures of the kinds lie beside the cut-out."""
        search, _ = self._search_of(job)
        look = search.looks[message.target] if search is not None and message.target < len(search.looks) else ()
        if look:
            self._forms[job.request.photo, look] = message.automatic.value
            self.is_stale = True

    def on_failure(self, job: Job, message: TargetFailed) -> None:
        """What was found and can't be cut out says why in the list."""
        self._learn(job, message.target, "", message.sentence)

    @property
    def cutouts(self) -> set[str]:
        """Paths of all that a row shows, or may show again after an undo."""
        shown = {row.cutout for scene in bpy.data.scenes for row in scene.img23d.targets}
        return (shown | {cutout for cutout, _ in self._known.values()}) - {""}

    def show_news(self) -> bool:
        """Gives the rows without a cut-out what is known by now. True where one has changed."""
        if not self.is_stale:
            return False
        self.is_stale, has_changed = False, False
        for scene in bpy.data.scenes if self._known else ():
            photo = absolute(scene.img23d.photo)
            for row in scene.img23d.targets:
                news = None if row.cutout and row.cutout not in self._outdated else self._known.get((photo, _look(row)))
                if news is not None and news != (row.cutout, row.note):
                    row.cutout, row.note = news[0], news[1] or row.note
                    has_changed = True
                automatic = self._forms.get((photo, _look(row)), "") if row.cutout else ""
                if automatic and row.automatic != automatic:
                    row.automatic, has_changed = automatic, True
        return has_changed

    def _learn(self, job: Job, index: int, cutout: str, note: str) -> None:
        search, _ = self._search_of(job)
        if search is not None and index < len(search.looks) and search.looks[index]:
            self._known[job.request.photo, search.looks[index]] = cutout, note
            self.is_stale = True

    def _search_of(self, job: Job) -> tuple[_Search, bpy.types.Scene] | tuple[None, None]:
        """Nothing where the file, the scene or its photo is not the same any more."""
        search = self._searches.get(job.id)
        if search is None or job.file_key != self._files.key:
            return None, None
        scene = next((s for s in bpy.data.scenes if s.session_uid == search.scene_uid), None)
        if scene is None or absolute(scene.img23d.photo) != job.request.photo:
            return None, None
        return search, scene


def read_rows(scene: bpy.types.Scene) -> tuple[Row, ...]:
    """The list as values; heights in metres, whatever the scene's unit is."""
    metres = scene.unit_settings.scale_length
    return tuple(_read(row, metres) for row in scene.img23d.targets)


def duplicate(scene: bpy.types.Scene) -> None:
    """The chosen row once more below it, as one that the artist added, and chosen now."""
    values, metres = scene.img23d, scene.unit_settings.scale_length
    chosen = values.active_target
    copy = replace(_read(values.targets[chosen], metres), found_as="")
    _write(values.targets.add(), copy, metres)
    values.targets.move(len(values.targets) - 1, chosen + 1)
    values.active_target = chosen + 1


def _read(row: Img23DTarget, metres: float) -> Row:
    return Row(
        name=row.name,
        use=row.use,
        box=_box(row) if row.has_box else None,
        point=Point(x=row.point[0], y=row.point[1]) if row.has_box and row.has_point else None,
        is_drawn=row.is_drawn,
        found_as=row.found_as,
        note=row.note,
        cutout=row.cutout,
        strokes=row.strokes,
        height=row.height * metres,
        shape=ShapeKind(row.shape),
        sides=_sides(row),
        automatic=row.automatic,
        faces=row.faces,
        is_edited=row.is_edited,
    )


def _sides(row: Img23DTarget) -> tuple[SidePhoto, ...]:
    paths = {side: absolute(getattr(row, f"{side}_photo")) for side in Side}
    return tuple(SidePhoto(side=side, photo=path) for side, path in paths.items() if path)


def set_sides(row: Img23DTarget, sides: tuple[SidePhoto, ...]) -> None:
    """A path that means the same file stays as it is written."""
    if _sides(row) == sides:
        return
    paths = {one.side: one.photo for one in sides}
    for side in Side:
        setattr(row, f"{side}_photo", paths.get(side, ""))


def _box(row: Img23DTarget) -> Box:
    return Box(left=row.left / _PERCENT, top=row.top / _PERCENT, right=row.right / _PERCENT, bottom=row.bottom / _PERCENT)


def _write(row: Img23DTarget, values: Row, metres: float) -> None:
    """Only what is other than before: with two hundred rows each property that is set counts."""
    if values.box is not None and not (row.has_box and _box(row) == values.box):
        row.has_box = row.is_drawn = True  # as an edge that moves would say, at each of them
        row.left, row.top = values.box.left * _PERCENT, values.box.top * _PERCENT
        row.right, row.bottom = values.box.right * _PERCENT, values.box.bottom * _PERCENT
    if values.point is not None:
        row.point = (values.point.x, values.point.y)
    wanted = {"has_box": values.box is not None, "has_point": values.point is not None, "height": values.height / metres, "shape": values.shape.value}
    wanted |= {name: getattr(values, name) for name in _SAME}
    set_sides(row, values.sides)
    for name, value in wanted.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _look(row: Img23DTarget) -> Look:
    point = tuple(row.point) if row.has_point else ()
    return (row.left, row.top, row.right, row.bottom, *point, row.strokes) if row.has_box else (row.found_as,)


def _answer_all(scene: bpy.types.Scene, search: _Search, asked: tuple[Wanted, ...], found: tuple[LocatedTarget, ...]) -> tuple[Look, ...]:
    """What the cut-out of each answer depends on."""
    values, metres = scene.img23d, scene.unit_settings.scale_length
    before = read_rows(scene)
    chosen = before[values.active_target].name if 0 <= values.active_target < len(before) else None
    rows, places = with_found(before, asked, search.names, found)
    _make_long(values, len(rows))
    for row, target in zip(rows, values.targets, strict=True):
        _write(target, row, metres)
    for place in places:
        values.targets[place].automatic = ""
        values.targets[place].cutout = ""  # the new one takes its place, also where the box was drawn
    values.active_target = next((index for index, row in enumerate(rows) if row.name == chosen), 0)
    values.found_names = search.names
    return tuple(_look(values.targets[place]) for place in places)


def _make_long(values: Img23DSceneSettings, count: int) -> None:
    while len(values.targets) > count:
        values.targets.remove(len(values.targets) - 1)
    while len(values.targets) < count:
        values.targets.add()


def _answer_one(scene: bpy.types.Scene, search: _Search, found: tuple[LocatedTarget, ...]) -> tuple[Look, ...]:
    """As `_answer_all`, for the one row; empty for the answers that it did not take."""
    values = scene.img23d
    alike = [index for index, row in enumerate(values.targets) if row.name == search.again]
    if not alike or not found:  # dropped or renamed meanwhile
        return ()
    index = search.row if search.row in alike else alike[0]
    row, taken = found_again(read_rows(scene), index, found)
    _write(values.targets[index], row, scene.unit_settings.scale_length)
    return tuple(_look(values.targets[index]) if answer == taken else () for answer in range(len(found)))
