"""From what the backend found to the preview, and from the preview to the cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix

from ...core.jobs import Job
from ...properties import own_parts
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.files.whole_files import write_whole
from ..file.windows import Workplace
from ..mesh.world_file import state_of, write_in_run, write_mesh
from ..retexture.views import front_view
from ..view.selection import select_only
from .cut import Wanted, cut
from .labels import NONE, labels_of_faces, labels_of_triangles, read_labels
from .lids import Lids, read_lids
from .preview import show_parts
from .records import Division, parts_of
from .rows import Found, colors_of, discard, fill_rows, host_of, source_of
from .source import check_divisible, ground_of, make_stand_in, shows_same

if TYPE_CHECKING:
    import numpy as np


def show_division(obj: bpy.types.Object, state: str, job: Job, place: Workplace, *, licence: str) -> bpy.types.Object:
    """The preview of a job's parts; what carries it. Raises Img23DError where the object shows other faces by now."""
    before = host_of(obj)
    if before is not None:
        obj = discard(before)
        place.view_layer.update()
    if not shows_same(obj, state, place.view_layer):
        raise bad_request(_("The faces of “{name}” were changed meanwhile: press Make Parts again.").format(name=obj.name))
    check_free(obj)
    host = obj if state_of(obj.data) == state else make_stand_in(obj, place.view_layer)
    labels = labels_of_faces(host.data, _labels(job, host.data))
    found = found_parts(job)
    fill_rows(
        host,
        found,
        **_record(job, licence),
        note=_note(job, obj, host),
    )
    show_parts(host.data, labels, colors_of(host.img23d_parts))
    if host is not obj:
        _take_place(obj, host, place)
    return host


def check_free(obj: bpy.types.Object) -> None:
    """Raises Img23DError where another object shows its parts on the same mesh."""
    beside = (one for one in bpy.data.objects if one != obj and one.data == obj.data and one.users_scene)
    other = next((one for one in beside if (parts := own_parts(one)) is not None and parts.rows), None)
    if other is not None:
        sentence = _("“{name}” has the same mesh, and shows its parts on it: cut or discard these first.")
        raise bad_request(sentence.format(name=other.name))


def found_parts(job: Job) -> list[Found]:
    """Of the division, or of a run that was stopped before, those that a model had finished."""
    results = {one.piece.part: one for one in job.targets[0].results.values() if one.piece.part is not None}
    if job.division is None:
        return [
            Found(name=one.name or f"part {number + 1}", color=_PALETTE[number % len(_PALETTE)], files=(one.path,)) for number, one in sorted(results.items())
        ]
    infos = enumerate(job.division.parts)
    return [Found(name=one.name, color=one.color, files=(results[number].path,) if number in results else ()) for number, one in infos]


def view_onto(obj: bpy.types.Object) -> Matrix:
    """Where the picture shows the object from, where nothing else is said."""
    return front_view(obj)


# --- the cut ------------------------------------------------------------------------------------------------------------


def check_cut(host: bpy.types.Object) -> None:
    """Raises Img23DError."""
    source = source_of(host)
    check_divisible(host)
    check_divisible(source)
    if not any(row.use for row in host.img23d_parts.rows):
        raise bad_request("All parts are left out: tick those that are to become objects.")


def write_for_lids(host: bpy.types.Object, folder: Path, place: Workplace) -> tuple[Path, Path, str]:
    """The mesh that is cut, and its triangles' parts, as files; and the state of its faces. Raises Img23DError."""
    import io

    import numpy as np

    obj, paths = source_of(host), (folder / "closed_mesh.npz", folder / "closed_labels.npy")
    with ground_of(obj, host, place.view_layer) as ground:
        write_mesh(obj, ground.mesh, None, paths[0], None)
        labels = labels_of_triangles(ground.mesh, _wanted_labels(host, read_labels(ground.mesh)))
        data = io.BytesIO()
        np.save(data, labels)
        write_in_run(paths[1], lambda: write_whole(paths[1], data.getbuffer()))
        return *paths, state_of(ground.mesh)


def lids_for(host: bpy.types.Object, path: str, state: str, place: Workplace) -> Lids:
    """What the backend made, where it still fits. Raises Img23DError."""
    with ground_of(source_of(host), host, place.view_layer) as ground:
        if state_of(ground.mesh) != state:
            raise bad_request(_("The faces of “{name}” were changed meanwhile: press Cut again.").format(name=source_of(host).name))
        ground.mesh.calc_loop_triangles()
        return read_lids(path, len(ground.mesh.loop_triangles), len(ground.mesh.vertices))


def cut_division(host: bpy.types.Object, place: Workplace, lids: Lids | None, tell: Callable[[str], None]) -> bpy.types.Object:
    """The parts as objects, the preview gone, the whole hidden; the empty that holds them. Raises Img23DError."""
    obj, parts = source_of(host), host.img23d_parts
    division = Division(run=parts.run, folder=parts.folder, splitter=parts.splitter, licence=parts.licence, settings=parts.settings, seed=parts.seed)
    rows = [row for row in parts.rows if row.use]
    place.view_layer.update()
    if rows[0].files:
        from .models_parts import import_parts

        group = import_parts(obj, [(row.name, row.files.split("\n")) for row in rows], place, division, tell)
    else:
        with ground_of(obj, host, place.view_layer) as ground:
            group = cut(obj, ground, [Wanted(number=row.number, name=row.name) for row in rows], place, division, lids)
            for note in ground.notes:
                tell(note)
    discard(host)
    place.view_layer.update()
    select_only([group, *parts_of(group)], place.view_layer)
    return group


def import_division(job: Job, place: Workplace, *, licence: str) -> bpy.types.Object:
    """What a model made of a picture alone, at once as objects at the 3D cursor. Raises Img23DError."""
    from .models_parts import import_from_picture

    division, request = Division(**_record(job, licence)), job.splitting
    rows = [(one.name, list(one.files)) for one in found_parts(job) if one.files]
    if not rows:
        raise bad_request("No parts were found: try another picture, or other settings.")
    group = import_from_picture(job.targets[0].name, rows, place, division, job.add_notes, photo=request.picture)
    select_only([group, *parts_of(group)], place.view_layer)
    return group


# --- steps --------------------------------------------------------------------------------------------------------------

_PALETTE = ("#e6794b", "#4b9ce6", "#6cc24a", "#c77dd6", "#e6c84b", "#4bd6c0", "#d65a7c", "#8a8ae6")


def _labels(job: Job, mesh: bpy.types.Mesh) -> np.ndarray:
    """(T,) int32; of a run that was stopped nothing is known. Raises Img23DError."""
    import numpy as np

    mesh.calc_loop_triangles()
    count, path = len(mesh.loop_triangles), job.division.labels if job.division is not None else None
    if path is None:
        return np.full(count, NONE, np.int32)
    try:
        labels = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise Img23DError(ErrorCode.INTERNAL, "The parts cannot be read: press Make Parts again.", str(error)) from error
    parts = len(job.division.parts)
    if labels.shape != (count,) or labels.dtype.kind not in "iu" or (count and not NONE <= int(labels.min()) <= int(labels.max()) < parts):
        raise Img23DError(ErrorCode.INTERNAL, "The parts do not fit the mesh: press Make Parts again.", f"{labels.shape}, {count}, {parts}")
    return labels.astype(np.int32)


def _record(job: Job, licence: str) -> dict[str, str | int]:
    """Who divides, for the parts that come of it."""
    import json
    from dataclasses import asdict

    request = job.splitting
    return {
        "run": job.id,
        "folder": request.run_folder,
        "splitter": request.settings.parts.splitter,
        "licence": licence,
        "settings": json.dumps(asdict(request.settings), sort_keys=True),
        "seed": request.seed,
    }


def _note(job: Job, obj: bpy.types.Object, host: bpy.types.Object) -> str:
    said = [job.division.note] if job.division is not None and job.division.note else []
    if job.division is None:
        said.append(_("It was stopped: these parts were finished, and the faces' colours are not known."))
    if host is not obj:
        said.append(_("Shown is what the modifiers of “{name}” make, as an object of its own; it goes with Cut or Discard.").format(name=obj.name))
    elif obj.data.users > 1:
        said.append(_("{count} objects share this mesh: all of them show the colours, and only “{name}” is cut.").format(count=obj.data.users, name=obj.name))
    return " ".join(said)


def _take_place(obj: bpy.types.Object, host: bpy.types.Object, place: Workplace) -> None:
    """The stand-in is seen and selected in place of the object."""
    place.view_layer.update()
    host.img23d_parts.source, obj.img23d_parts.stand_in = obj, host
    is_listed = obj.name in place.view_layer.objects
    obj.img23d_parts.was_visible = is_listed and not obj.hide_get(view_layer=place.view_layer)
    was_active = place.view_layer.objects.active == obj
    if is_listed:
        obj.hide_set(True, view_layer=place.view_layer)
    if was_active:
        select_only([host], place.view_layer)


def _wanted_labels(host: bpy.types.Object, labels: np.ndarray) -> np.ndarray:
    """Without the parts that the artist has left out."""
    for row in host.img23d_parts.rows:
        if not row.use:
            labels[labels == row.number] = NONE
    return labels
