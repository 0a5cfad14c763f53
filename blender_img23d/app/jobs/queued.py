"""A queued job made of what a button was pressed for, and its scene and objects found again when it starts."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix

from ...core.queue.queued_jobs import Host, Kind, MeshToPaint, MeshToSplit, Painting, Picture, QueuedJob, Splitting, Where, picture_now
from ...core.requests import draw_seed, new_id
from ...scene.file.folders import absolute, runs_base
from ...scene.file.tags import find_by_uid
from ...scene.placement.replacement import home_at
from ...scene.retexture.own_picture import own_picture
from ...scene.retexture.paintable import check_paintable
from ...scene.retexture.views import viewport_view
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.messages import Generate, UvSource
from ...shared.img23d_protocol.options.settings import engine_named, splitter_named
from .defaults import begin_with_defaults
from .requests import panel_settings

if TYPE_CHECKING:
    from ...properties import Img23DSceneSettings
    from ...scene.file.file_state import FileState


def queued_generate(context: bpy.types.Context, files: FileState, request: Generate) -> QueuedJob:
    """Raises Img23DError."""
    return _making(context, files, request, Kind.GENERATE)


def queued_again(
    context: bpy.types.Context,
    files: FileState,
    request: Generate,
    obj: bpy.types.Object,
    *,
    is_instead: bool,
    comparison: str = "",
) -> QueuedJob:
    """`is_instead`: the result, or the one of several variants that is kept, takes the place of the object's mesh. `comparison`: with
    the results of those jobs. Raises Img23DError.
    """
    is_choice = request.variants > 1 or bool(comparison)
    home = home_at(obj)
    host = Host(
        name=obj.name,
        uid=home.uid,
        is_instead=is_instead and not is_choice,
        fingerprint=home.fingerprint,
        height=home.height,
        is_choice=is_choice,
        is_replaced_later=is_instead and is_choice,
        comparison=comparison,
    )
    return _making(context, files, request, Kind.AGAIN, host)


def queued_retexture(context: bpy.types.Context, files: FileState, objects: Sequence[bpy.types.Object]) -> QueuedJob:
    """Raises Img23DError where none of the objects can be painted; what is wrong with some is said when their turn comes."""
    begin_with_defaults(context, context.scene)
    values = context.scene.img23d
    uv = UvSource.OWN if values.retexture_uv == "OWN" else UvSource.NEW
    view = viewport_view(context) if values.retexture_view == "VIEW" else None
    draw_seed(values.seed)
    settings = panel_settings(context)
    painting = Painting(
        meshes=_meshes(objects, values, wants_own=uv is UvSource.OWN),
        engine=values.engine,
        seed=values.seed,
        settings=settings,
        uv=uv,
        from_splats=values.retexture_splats or engine_named(values.engine).paints_from_splats(settings.value),
        view=tuple(number for row in view for number in row) if view is not None else (),
    )
    return QueuedJob(
        id=new_id(),
        kind=Kind.RETEXTURE,
        asked=time.time(),
        where=_here(context, files),
        base_folder=str(runs_base(context)),
        painting=painting,
    )


def queued_split(context: bpy.types.Context, files: FileState, obj: bpy.types.Object | None) -> QueuedJob:
    """Of the object, or of the photo where the panel says so. Raises Img23DError."""
    from ...scene.parts.rows import host_of, source_of  # late: Blender's start must not wait for it
    from ...scene.parts.source import check_divisible

    begin_with_defaults(context, context.scene)
    values = context.scene.img23d
    splitter = splitter_named(values.splitter)
    draw_seed(values.seed)
    takes_mesh = splitter.heeds_mesh and (values.parts_from != "PICTURE" or not splitter.heeds_picture)
    if takes_mesh:
        if obj is None or obj.type != "MESH":
            raise bad_request("Select a mesh object first.")
        host = host_of(obj)
        obj = source_of(host) if host is not None else obj
        check_divisible(obj)
    mask, painted = _mask(values) if splitter.heeds_mask and values.parts_from != "MESH" else ("", ())
    picture = _picture_to_split(values, obj if takes_mesh else None, is_painted=bool(painted)) if splitter.heeds_picture else None
    return QueuedJob(
        id=new_id(),
        kind=Kind.SPLIT,
        asked=time.time(),
        where=_here(context, files),
        base_folder=str(runs_base(context)),
        splitting=Splitting(
            mesh=MeshToSplit(name=obj.name, uid=obj.session_uid) if takes_mesh else None,
            picture=picture,
            mask=mask,
            painted=painted,
            engine=values.engine,
            seed=values.seed,
            settings=panel_settings(context),
        ),
    )


def _mask(values: Img23DSceneSettings) -> tuple[str, tuple[str, ...]]:
    """The path of a file, or the brush strokes of each part; neither where no mask is wanted."""
    if values.mask_file:
        return absolute(values.mask_file), ()
    painted = tuple(row.strokes for row in values.mask_parts)
    return "", painted if any(painted) else ()


def _picture_to_split(values: Img23DSceneSettings, obj: bpy.types.Object | None, *, is_painted: bool) -> Picture | None:
    """None where the mesh alone is looked at; a mask is painted over the scene's photo. Raises Img23DError."""
    if values.parts_from == "MESH":
        return None
    own = own_picture(obj) if obj is not None and not is_painted else ""
    return picture_now(own or absolute(values.photo))


def view_of(painting: Painting | Splitting) -> Matrix | None:
    return Matrix([painting.view[row : row + 4] for row in (0, 4, 8, 12)]) if painting.view else None


# --- back to the scene --------------------------------------------------------------------------------------------------


def is_open(where: Where, files: FileState) -> bool:
    """Whether its .blend is the one that is open: the same all the time, or opened again."""
    return where.file_key == files.key or is_opened_again(where, files)


def is_opened_again(where: Where, files: FileState) -> bool:
    """Session ids do not hold any more, names do."""
    return where.file_key != files.key and bool(where.file) and _same_path(where.file, bpy.data.filepath)


def scene_of(where: Where, files: FileState) -> bpy.types.Scene | None:
    """None where its file is not open, or it is not in it any more."""
    if is_opened_again(where, files):
        return bpy.data.scenes.get(where.scene)
    if where.file_key != files.key:
        return None
    return next((scene for scene in bpy.data.scenes if scene.session_uid == where.scene_uid), None)


def object_of(where: Where, files: FileState, name: str, uid: int) -> bpy.types.Object | None:
    """One that some scene has; None where its file is not open, or it is gone."""
    if is_opened_again(where, files):
        obj = bpy.data.objects.get(name)
    else:
        obj = find_by_uid(uid) if where.file_key == files.key else None
    return obj if obj is not None and obj.users_scene else None


# --- steps --------------------------------------------------------------------------------------------------------------


def _making(context: bpy.types.Context, files: FileState, request: Generate, kind: Kind, host: Host | None = None) -> QueuedJob:
    return QueuedJob(
        id=request.job,
        kind=kind,
        asked=time.time(),
        where=_here(context, files),
        base_folder=str(runs_base(context)),
        making=request,
        photo=picture_now(request.photo),
        host=host,
    )


def _here(context: bpy.types.Context, files: FileState) -> Where:
    scene = context.scene
    return Where(
        file=bpy.data.filepath,
        file_key=files.key,
        scene=scene.name,
        scene_uid=scene.session_uid,
        layout=scene.img23d.layout,
        cursor=tuple(scene.cursor.location),
    )


def _meshes(objects: Sequence[bpy.types.Object], values: Img23DSceneSettings, *, wants_own: bool) -> tuple[MeshToPaint, ...]:
    """Raises Img23DError where each of them has something wrong."""
    meshes, failures = [], []
    for obj in objects:
        picture = Picture(path=absolute(values.retexture_picture) or own_picture(obj) or absolute(values.photo))
        try:
            check_paintable(obj, wants_own=wants_own)
            picture = picture_now(picture.path)
        except Img23DError as error:
            failures.append(error)
        meshes.append(MeshToPaint(name=obj.name, uid=obj.session_uid, picture=picture))
    if len(failures) == len(meshes):
        raise failures[0]
    return tuple(meshes)


@lru_cache(maxsize=256)
def _same_path(one: str, other: str) -> bool:
    return bool(other) and os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))
