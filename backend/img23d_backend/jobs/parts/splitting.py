"""Splitting one thing: a mesh, what a picture shows, or both, by the splitter that the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from img23d_protocol.errors import bad_request
from img23d_protocol.limits import SEED_MAX
from img23d_protocol.messages import Close, Finished, Split, Stage
from img23d_protocol.options.declare import check
from img23d_protocol.options.settings import splitter_named

from ...images.masks import read_mask
from ...parts.stage import Divided, PartMade, Task, WholeMade
from ...stages import CutOut, Photo
from ..job import Caller, Job
from ..pipeline import cut_out_whole, load_photo, recorded, to_the_end
from ..retexture import fitted_view
from ..runs import TargetRecord, open_run
from .announcing import Announcer
from .closing import close
from .given import Given, read_given

_SOLID = 128  # alpha from which on a pixel is the thing's


def run_parts_job(request: Split | Close, caller: Caller) -> None:
    """Do the job and tell the caller; the last message is exactly one of Finished, Cancelled, Failed."""
    to_the_end(request.job, caller, lambda: split(request, caller) if isinstance(request, Split) else close(request, caller))


def split(request: Split, caller: Caller) -> Finished:
    """The parts, each as soon as it is finished, and at the end which triangle belongs to which."""
    request = _checked(request)
    job = Job(request.job, request.seed, request.settings, caller)
    splitter = caller.load_splitter(request.settings.parts.splitter)
    given = read_given(request.mesh, request.name, needs_view=False) if request.mesh else None
    engine = caller.load_engine(request.engine) if request.heeds_picture else None
    run = open_run(request)
    with recorded(run, job):
        run.record.targets = [TargetRecord(name=request.name or "object")]
        task = Task(name=request.name or "object", mesh=given.file.mesh if given is not None else None)
        if engine is not None:
            engine.prefetch(Stage.MATTE, request.settings)
            photo, run.record.photo = load_photo(job, request.picture)
            splitter.prefetch(request.settings)
            cutout, scaled = cut_out_whole(job, engine, photo)
            task = _seen(task, given, cutout, _mask(request, photo, cutout, scaled))
        announcer = Announcer(job=job, run=run, task=task, given=given)
        with job.timed(Stage.SPLIT):
            _take(splitter.split(task, request.settings, job.context(Stage.SPLIT, 0)), announcer)
            announcer.end()
    peaks = {"memory_bytes": run.record.peak_memory_bytes, "card_bytes": run.record.peak_card_bytes}
    return Finished(job=job.id, made=1, failed=0, seconds=job.elapsed, **peaks)


def _take(made: Iterable[WholeMade | PartMade | Divided], announcer: Announcer) -> None:
    for one in made:
        match one:
            case WholeMade():
                announcer.keep_whole(one)
            case PartMade():
                announcer.keep_part(one)
            case Divided():
                announcer.divided = one


def _checked(request: Split) -> Split:
    """Without what its splitter does not look at. Raises Img23DError(BAD_REQUEST)."""
    check(request.settings)
    if not 0 <= request.seed <= SEED_MAX:
        raise bad_request(f"The seed {request.seed} is not between 0 and {SEED_MAX}.")
    if not request.run_folder.strip():
        raise bad_request("No folder for the results is given.")
    splitter = splitter_named(request.settings.parts.splitter)
    request = replace(
        request,
        mesh=request.mesh if splitter.heeds_mesh else "",
        picture=request.picture if splitter.heeds_picture else "",
        mask=request.mask if splitter.heeds_mask else "",
    )
    if lacking := splitter.lacks(mesh=bool(request.mesh), picture=bool(request.picture), mask=bool(request.mask)):
        raise bad_request(lacking)
    return request


def _mask(request: Split, photo: Photo, cutout: CutOut, scaled: Photo) -> np.ndarray | None:
    """(h, w) uint8 over the cut-out. Where a mask has no background, the cut-out tells it."""
    if not request.mask:
        return None
    whole = read_mask(request.mask, width=photo.width, height=photo.height)
    return over_cutout(whole, cutout, scaled)


def over_cutout(whole: np.ndarray, cutout: CutOut, scaled: Photo) -> np.ndarray:
    """A mask (H, W) of the whole picture as (h, w) over the cut-out, which is of the picture at the size `scaled`.

    Raises Img23DError(BAD_REQUEST) where nothing of it lies there.
    """
    import cv2

    whole = cv2.resize(whole, (scaled.width, scaled.height), interpolation=cv2.INTER_NEAREST_EXACT)
    height, width = cutout.rgba.shape[:2]
    mask = np.zeros((height, width), dtype=np.uint8)
    top, left = max(cutout.top, 0), max(cutout.left, 0)
    inside = whole[top : cutout.top + height, left : cutout.left + width]
    mask[top - cutout.top : top - cutout.top + inside.shape[0], left - cutout.left : left - cutout.left + inside.shape[1]] = inside
    if whole.all():
        mask[cutout.rgba[:, :, 3] < _SOLID] = 0
    if not mask.any():
        raise bad_request("Nothing of what is painted on the mask lies on the thing in the picture: paint the parts over it.")
    return mask


def _seen(task: Task, given: Given | None, cutout: CutOut, mask: np.ndarray | None) -> Task:
    """With what the picture shows, and the view in which it shows the mesh."""
    view = fitted_view(given.file, cutout)[0] if given is not None and given.file.view is not None else None
    return replace(task, cutout=cutout, mask=mask, view=view)
