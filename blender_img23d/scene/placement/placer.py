"""Results become objects: placed when they arrive, replaced in place when they are painted, found again by their tags."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.jobs import Job, Result
from ...core.queue.queued_jobs import Where
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.messages import WHOLE, Generate, Piece
from ..file.file_state import FileState
from ..file.tags import CHOICE, COMPARED, companions, in_scenes, is_result, tag_result, variants_of
from ..file.windows import Workplace, push_undo, workplace_of
from ..glb.replace import fingerprint, replace_mesh
from ..mesh.chosen import is_splats
from ..mesh.extents import Extents, world_extents
from ..mesh.transform import Transform
from ..view.first_look import FirstLook, first_look, show_results
from .free_place import at_height_of, in_the_way
from .importers import Importers
from .layout import lay_out
from .object_registry import ObjectRegistry
from .replacement import Home, fit_height, home_at, resize, stand_beside
from .result_status import Standing
from .row import GAP
from .run_location import Spot, choose_spot, collection_for
from .variants import compare, offer


@dataclass(frozen=True, kw_only=True)
class Taker:
    """An object that gets another mesh. Not to be kept."""

    home: Home
    obj: bpy.types.Object


class Placer:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self.importers = Importers()
        self._files = files
        self._registry = ObjectRegistry(files)
        self._spots: dict[str, Spot] = {}  # by job
        self._looks: dict[str, FirstLook] = {}  # by job
        self._homes: dict[tuple[str, int], Home] = {}  # by job and target: of those that are made again
        self._further: dict[tuple[str, int], list[Home]] = {}  # of the same: what stood at its place, such as the splats of a mesh

    # --- where things go --------------------------------------------------------------------------------------------

    def choose_spot(self, job: Job, scene: bpy.types.Scene, where: Where | None = None) -> None:
        """`where`: as it was when the button was pressed."""
        self._spots[job.id] = choose_spot(job.id, scene, where)
        self._looks[job.id] = first_look(workplace_of(scene))
        self._registry.begin(job)

    def make_instead(self, job: Job, index: int, obj: bpy.types.Object) -> None:
        """That target's result becomes this object's mesh; it stands beside it where the artist changes the mesh meanwhile."""
        self._give_home(job, index, home_at(obj, is_instead=True), obj)

    def make_beside(self, job: Job, index: int, obj: bpy.types.Object) -> None:
        """That target's result stands to the right of this object."""
        self._give_home(job, index, home_at(obj), obj)

    def make_at(self, job: Job, home: Home) -> None:
        """The job's results go to an object as it was when the button was pressed: instead of its mesh, or to the right of it, where
        several variants wait until the artist keeps one.
        """
        obj = home.object()
        if self._registry.is_as_made(obj):
            home = replace(home, fingerprint=fingerprint(obj))
        for index in range(job.request.variants):
            self._give_home(job, index, home, obj)

    def workplace(self, job: Job) -> Workplace | None:
        """Where the results of a job belong now; None where its file or its scene is gone."""
        spot = self._spots.get(job.id)
        scene = spot.scene() if spot is not None and job.file_key == self._files.key else None
        return workplace_of(scene) if scene is not None else None

    # --- what comes -------------------------------------------------------------------------------------------------

    def on_result(self, job: Job, index: int, piece: Piece = WHOLE, *, lays_out: bool = True) -> None:
        """Bring in the newest of a target's results, or leave it in the list where its object is gone or was changed.

        Without `lays_out` the others stay where they are: `on_arranged` follows at once, and does it. Raises Img23DError where the file cannot be imported.
        """
        place = self.workplace(job)
        result = job.targets[index].results[piece]
        if self._registry.was_placed(job, index, piece):
            self._replace(job, index, result)
        elif place is not None:
            self._place(job, index, result, place, lays_out=lays_out)

    def on_arranged(self, job: Job) -> None:
        """Where the targets stand in the photo is known, or known better."""
        place = self.workplace(job)
        if place is not None:
            self._lay_out(job, place)

    def import_again(self, job: Job, index: int, scene: bpy.types.Scene) -> bpy.types.Object:
        """Bring a finished thing into the present file, whatever became of the first one: its main result, and of the others those
        that are not there. Raises Img23DError."""
        target = job.targets[index]
        main = target.main
        if main is None:
            raise Img23DError(ErrorCode.BAD_REQUEST, _("“{name}” has no result to import.").format(name=target.name))
        spot = self._spots.get(job.id)
        if job.file_key != self._files.key or spot is None or spot.scene() != scene:
            self._leave_file(job)
            self.choose_spot(job, scene)
        place, is_partly_there = workplace_of(scene), self.standings(job)[index] is Standing.PARTLY
        made = [] if is_partly_there else [self._place(job, index, main, place)]
        for piece, result in target.results.items():
            if piece != main.piece and self._registry.object_of(job, index, piece) is None:
                made.append(self._place(job, index, result, place))
        return made[0]

    def finish(self, job: Job) -> None:
        """Show what the run has made where the artist has not gone on elsewhere, and make the whole run one undo step."""
        made = list(self._registry.pieces(job).values())
        place = self.workplace(job)
        if not made or place is None:
            return
        shown = variants_of(made[0], in_scenes().values()) if COMPARED in made[0] else made
        show_results(shown, place, self._looks.pop(job.id, None), has_splats=any(map(is_splats, made)))
        text = _("Img23D: 1 object from photo") if len(made) == 1 else _("Img23D: {count} objects from photo")
        push_undo(place, text.format(count=len(made)))

    # --- what became of it ------------------------------------------------------------------------------------------

    def standings(self, job: Job) -> dict[int, Standing]:
        """Looks through the scenes' objects once, so not for `draw`."""
        return self._registry.standings(job)

    def object_of(self, job: Job, index: int) -> bpy.types.Object | None:
        return self._registry.objects(job).get(index)

    def objects_of(self, job: Job, index: int) -> list[bpy.types.Object]:
        """All that was made of that target, its main result first."""
        main = self.object_of(job, index)
        others = (obj for (one, _piece), obj in self._registry.pieces(job).items() if one == index and obj != main)
        return [*filter(None, (main,)), *others]

    def on_kept(self, job: Job, index: int, obj: bpy.types.Object) -> None:
        """That target's result has taken the place of this object."""
        self._registry.add_stand_in(job, index, obj)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _give_home(self, job: Job, index: int, home: Home, obj: bpy.types.Object) -> None:
        kept = {"is_instead": home.is_instead, "is_replaced_later": home.is_replaced_later, "comparison": home.comparison}
        self._homes[job.id, index] = home
        self._further[job.id, index] = [home_at(one, **kept) for one in companions(obj)]
        if job.id not in self._spots:
            self.choose_spot(job, obj.users_scene[0])
            self._spots[job.id].collection_uid = obj.users_collection[0].session_uid

    def _place(self, job: Job, index: int, result: Result, place: Workplace, *, lays_out: bool = True) -> bpy.types.Object:
        if result is not job.targets[index].main:
            return self._place_beside_main(job, index, result, place)
        home, taker = self._homes.get((job.id, index)), self._taker(job, index, result, place)
        if taker is not None:
            self._put_into(job, index, result, taker.obj, taker.home.height)
            return taker.obj
        host = home.object() if home is not None else self.object_of(job, index)  # one that the artist has changed
        if host is not None and place.scene not in host.users_scene:
            host = None
        return self._place_new(job, index, result, place, host, lays_out=lays_out)

    def _taker(self, job: Job, index: int, result: Result, place: Workplace) -> Taker | None:
        """What of the thing that is made again this result replaces; None where there is no such object, or the artist has changed it."""
        home = self._home_of(job, index, result)
        obj = home.object() if home is not None else None
        if home is None or obj is None or place.scene not in obj.users_scene or not home.takes_mesh(obj):
            return None
        return Taker(home=home, obj=obj)

    def _home_of(self, job: Job, index: int, result: Result) -> Home | None:
        """The object that is made again, or what stood at its place: the one that is of the same kind."""
        asked = self._homes.get((job.id, index))
        if asked is None or (result is job.targets[index].main and asked.piece.kind is result.piece.kind):
            return asked
        return next((home for home in (asked, *self._further[job.id, index]) if home.piece == result.piece), None)

    def _place_new(self, job: Job, index: int, result: Result, place: Workplace, host: bpy.types.Object | None, *, lays_out: bool) -> bpy.types.Object:
        spot = self._spots[job.id]
        obj = self._make(job, index, result, place, host)
        home = self._homes.get((job.id, index))
        if home is not None and home.is_choice and not self._registry.was_placed(job, index):
            self._offer(job, index, obj, result)
        self._registry.record(job, index, obj)
        if host is not None:
            self._stand_beside(job, index, obj, host, place, spot)
        else:
            self._registry.put(job, index, obj, Transform(location=spot.origin))
            if lays_out:
                self._lay_out(job, place)
        return obj

    def _place_beside_main(self, job: Job, index: int, result: Result, place: Workplace) -> bpy.types.Object:
        """A further result of a thing, or one of its parts, stands where the thing does; where that has taken an object's place, it does so, too."""
        main, taker = self.object_of(job, index), self._taker(job, index, result, place)
        if taker is not None and main is not None and self._is_home(job, index, main):
            self._put_into(job, index, result, taker.obj, 0.0)
            return taker.obj
        obj, factor = self._make(job, index, result, place, main), self._factor(job, index)
        resize(obj.data, factor)
        if main is not None and CHOICE in main:
            self._offer(job, index, obj, result)
        self._registry.record(job, index, obj, result.piece, factor=factor)
        self._registry.put(job, index, obj, Transform(location=self._spots[job.id].origin), result.piece)
        self._registry.put_like(job, index, result.piece, obj)
        return obj

    def _is_home(self, job: Job, index: int, obj: bpy.types.Object) -> bool:
        """Whether it was there before, and got another mesh."""
        key = (job.id, index)
        return key in self._homes and obj.session_uid in [home.uid for home in (self._homes[key], *self._further[key])]

    def _factor(self, job: Job, index: int) -> float:
        """That the main result was scaled by, to be as high as what it replaces: what stands at its place is as well."""
        made = self._registry.made(job, index)
        return made.factor if made is not None else 1.0

    def _offer(self, job: Job, index: int, obj: bpy.types.Object, result: Result) -> None:
        """As one of several variants, of which the one that is kept takes the place of what is the same of the thing."""
        home, asked = self._home_of(job, index, result), self._homes[job.id, index]
        if home is None or not home.is_replaced_later:
            offer(obj, None, "")
        else:
            offer(obj, home.object(), home.fingerprint)
        if asked.comparison:
            compare(obj, [one.object() for one in (asked, *self._further[job.id, index])], asked.comparison)

    def _make(self, job: Job, index: int, result: Result, place: Workplace, host: bpy.types.Object | None) -> bpy.types.Object:
        """A new object of a result, in the collection of `host` where there is one."""
        assert isinstance(job.request, Generate)
        importer = self.importers.of(result.piece.kind)
        collection = host.users_collection[0] if host is not None else collection_for(self._spots[job.id], place, job.request.photo)
        obj = importer.make(result.path, place, collection)
        obj.name = job.targets[index].name_of(result)
        obj.data.name = obj.name
        for material in filter(None, obj.data.materials):
            material.name = obj.name
        importer.finish(obj, obj.name, job.add_notes)
        tag_result(obj, job, index, result.piece)
        return obj

    def _stand_beside(self, job: Job, index: int, obj: bpy.types.Object, host: bpy.types.Object, place: Workplace, spot: Spot) -> None:
        made, home = self._registry.objects(job), self._homes.get((job.id, index))
        siblings = [made[i] for i in made if i != index and home is not None and self._homes.get((job.id, i)) is home]
        results = [world_extents(one) for one in place.scene.objects if is_result(one) and one is not obj]

        def taken(own: Extents) -> list[Extents]:
            return [*at_height_of(own, results), *in_the_way(own, spot.things, spot.metres())]

        stand_beside(obj, host, siblings, taken, GAP * spot.metres())

    def _replace(self, job: Job, index: int, result: Result) -> None:
        made, obj = self._registry.made(job, index, result.piece), self._registry.object_of(job, index, result.piece)
        if made is None or obj is None or obj.type != "MESH" or fingerprint(obj) != made.fingerprint:
            return
        self._put_into(job, index, result, obj, made.kept_height, plain=obj.data)

    def _put_into(self, job: Job, index: int, result: Result, obj: bpy.types.Object, kept_height: float, plain: bpy.types.Mesh | None = None) -> None:
        """The newest mesh takes the place of the object's own. `plain` is the same thing before it was painted."""
        place, importer = workplace_of(obj.users_scene[0]), self.importers.of(result.piece.kind)
        fresh = importer.make(result.path, place, obj.users_collection[0])
        if result is job.targets[index].main:
            factor = fit_height(fresh.data, kept_height)
        else:
            resize(fresh.data, factor := self._factor(job, index))
        importer.finish(fresh, obj.name, job.add_notes, plain=plain)
        replace_mesh(obj, fresh)
        importer.on_replaced(obj)
        tag_result(obj, job, index, result.piece)
        self._registry.record(job, index, obj, result.piece, kept_height=kept_height, factor=factor)

    def _lay_out(self, job: Job, place: Workplace) -> None:
        targets = enumerate(job.targets)
        wanted = [i for i, target in targets if target.main is not None or not (target.error or target.is_cancelled)]
        own = [index for index in wanted if (job.id, index) not in self._homes]
        if own:
            lay_out(job, self._spots[job.id], self._registry, own, place)

    def _leave_file(self, job: Job) -> None:
        """The job goes on in the present file: what it placed in another one is not looked for any more."""
        job.file_key = self._files.key
        self._registry.forget(job)
        self._homes = {key: home for key, home in self._homes.items() if key[0] != job.id}
        self._further = {key: homes for key, homes in self._further.items() if key[0] != job.id}
