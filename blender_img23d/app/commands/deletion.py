"""Deleting a run, unless a job works in its folder or a picture of this file lies in it."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.jobs import Job
from ...core.runs.files import FolderContents
from ...core.runs.folder_marks import used_elsewhere
from ...core.runs.folders import check_deletable, delete_run
from ...core.states import SessionState
from ...scene.file.folders import runs_base
from ...shared.img23d_protocol.errors import bad_request
from ..owner import Extension


def deletable_contents(context: bpy.types.Context, owner: Extension, job: Job) -> FolderContents:
    """What would be deleted. Raises Img23DError where nothing may be."""
    folder = Path(job.request.run_folder)
    _check_idle(owner, job)
    if not folder.is_dir():
        return FolderContents(ours=(), others=(), size=0)
    base = runs_base(context)
    found = check_deletable(folder, base)
    if elsewhere := used_elsewhere(base, owner.in_use.marks):
        _check_not_used(folder, elsewhere)
    image = next((image for image in bpy.data.images if _lies_in(image, folder)), None)
    if image is not None:
        sentence = _("This file uses the picture “{name}” of that folder: pack it first (File > External Data).")
        raise bad_request(sentence.format(name=image.name))
    return found


def delete(context: bpy.types.Context, owner: Extension, job: Job) -> None:
    """Its files, and its line in the list; objects in the scene stay, and so does what the artist put there. Raises Img23DError."""
    if deletable_contents(context, owner, job).ours:
        delete_run(Path(job.request.run_folder), runs_base(context))
    owner.history.forget(job)
    owner.pump.is_stale = True
    owner.pump.wake()


def _check_idle(owner: Extension, job: Job) -> None:
    session, folder = owner.session, job.request.run_folder
    active = getattr(session.active.request, "run_folder", "") if session.active is not None else ""
    in_row = owner.applier.retexturer.folders
    is_being_stopped = session.state is SessionState.CANCELLING and not job.is_past
    if not job.is_over or folder == active or folder in in_row or is_being_stopped:
        raise bad_request("This run is still being worked on: cancel it, or wait for it to finish.")


def _check_not_used(folder: Path, elsewhere: frozenset[Path]) -> None:
    if folder in elsewhere:
        raise bad_request("Another Blender works with this run: close that file, or delete the run there.")


def _lies_in(image: bpy.types.Image, folder: Path) -> bool:
    if image.packed_file is not None or not image.users or not image.filepath:
        return False
    path = os.path.realpath(bpy.path.abspath(image.filepath, library=image.library))
    return os.path.normcase(path).startswith(os.path.normcase(os.path.join(os.path.realpath(folder), "")))
