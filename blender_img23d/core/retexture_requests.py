"""A re-texture's two messages: lay the mesh out, where its modifiers need that first, and paint it."""

from __future__ import annotations

from pathlib import Path

from ..shared.img23d_protocol.messages import Paint, Settings, Unwrap, UvSource
from .requests import checked_photo, draw_seed, new_id


def build_unwrap(*, mesh: str, name: str, uv: UvSource, texture_size: int, run_folder: Path) -> Unwrap:
    """`mesh` as for `build_paint`."""
    return Unwrap(job=new_id(), mesh=mesh, run_folder=str(run_folder), name=name, uv=uv, texture_size=texture_size)


def build_paint(
    *,
    mesh: str,
    picture: str,
    name: str,
    engine: str,
    seed: int,
    settings: Settings,
    run_folder: Path,
    uv: UvSource = UvSource.NEW,
    splats: str = "",
) -> Paint:
    """`mesh` is the .npz that the scene wrote into `run_folder` (see `new_run_folder`), as `splats` where there are some; `picture` an absolute path.

    Raises Img23DError (PHOTO_MISSING, PHOTO_NOT_FOUND, PHOTO_IS_FOLDER, PHOTO_EMPTY_FILE, BAD_REQUEST).
    """
    return Paint(
        job=new_id(),
        mesh=mesh,
        picture=str(checked_photo(picture)),
        splats=splats,
        run_folder=str(run_folder),
        name=name,
        engine=engine,
        seed=draw_seed(seed),
        uv=uv,
        settings=settings,
    )
