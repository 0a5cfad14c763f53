"""The way of one photo: load -> edit -> locate -> matte -> shape -> paint, each step for all targets before the next begins.

A model is therefore loaded once a run. Every caller (server, command line) comes through `run_job`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from img23d_protocol.files.filenames import FileName, edited_name
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import (
    Box,
    Cancelled,
    Edit,
    Failed,
    Finished,
    Generate,
    Locate,
    Located,
    LocatedTarget,
    Paint,
    PaintReady,
    Pick,
    PictureReady,
    Settings,
    Stage,
    Unwrap,
    UvReady,
    Wanted,
)
from img23d_protocol.options.settings import engine_named

from ..editing.editor import Editor
from ..editing.photo import edited_photo
from ..images import decode_photo, read_file
from ..images.png_files import write_png
from ..stages import CutOut, Engine, Found, JobCancelled, NotFound, Photo
from .arranging import Arranger
from .depth import measure
from .failures import as_known
from .generation import Generation, Solids, not_found_error
from .job import Caller, Job
from .picking import pick, pointed
from .request_checks import check_kinds, check_request
from .runs import PhotoRecord, Run, RunState, TargetRecord, TargetState, make_folder, open_run
from .working_size import WorkingSizes

log = logging.getLogger(__name__)


def run_job(request: Edit | Generate | Locate | Pick | Unwrap | Paint, caller: Caller) -> None:
    """Do the job and tell the caller; the last message is exactly one of Finished, Cancelled, Failed."""
    to_the_end(request.job, caller, lambda: _done(request, caller))


def to_the_end(job: str, caller: Caller, work: Callable[[], Finished]) -> None:
    """Do the work of a job, and tell the caller how it ended."""
    try:
        caller.emit(work())
    except JobCancelled:
        caller.emit(Cancelled(job=job))
    except Exception as error:  # the job's boundary: nothing passes it but the end of the process
        known = as_known(error)
        log.error("job %s failed: %s\n%s", job, known.sentence, known.detail)
        caller.emit(Failed(job=job, code=known.code, sentence=known.sentence, detail=known.detail))


def _done(request: Edit | Generate | Locate | Pick | Unwrap | Paint, caller: Caller) -> Finished:
    check_request(request)
    if isinstance(request, Generate | Paint):
        request = replace(request, settings=request.settings.heeded_by(engine_named(request.engine)))
    match request:
        case Generate():
            return generate(request, caller)
        case Edit():
            return edit(request, caller)
        case Locate():
            return locate(request, caller)
        case Pick():
            return pick(request, caller)
        case Unwrap():
            return unwrap(request, caller)
        case Paint():
            return repaint(request, caller)


def generate(request: Generate, caller: Caller) -> Finished:
    """Photo and names to textured meshes in the run's folder."""
    job = Job(request.job, request.seed, request.settings, caller, variants=request)
    engine = caller.load_engine(request.engine)
    check_kinds(request.wanted, engine, request.settings)
    engine.shaper.check(request.wanted, request.settings)
    editor = _editor(request, caller)
    engine.prefetch(Stage.LOCATE, request.settings)
    photo, photo_record = load_photo(job, request.photo)
    run = open_run(request)
    with recorded(run, job):
        photo, photo_record = _edited(job, run, editor, photo, photo_record, request)
        engine.prefetch(Stage.MATTE, request.settings)
        founds = find_targets(job, engine, photo, request.wanted, photo_record.sha256, variants=request.variants)
        run.record.targets = _records(founds, photo, request.wanted, variants=request.variants)
        run.record.pixels_per_metre = request.pixels_per_metre
        steps = Generation(job=job, run=run, engine=engine, settings=request.settings)
        cuts = steps.edit(steps.cut_out(photo, founds), editor)
        measured = measure(engine, photo, cuts, request.settings, job)
        arranger = Arranger(job, run, measured.ground, photo, cuts)
        del photo, founds  # large, and not needed any more
        solids: Solids = steps.shape(measured.cuts, arranger)
        if request.is_painted:
            steps.paint(solids)
    made, record = len(run.record.targets) - len(job.failed | job.stopped), run.record
    peaks = {"memory_bytes": record.peak_memory_bytes, "card_bytes": record.peak_card_bytes}
    return Finished(job=job.id, made=made, failed=len(job.failed), seconds=job.elapsed, **peaks)


def locate(request: Locate, caller: Caller) -> Finished:
    """Names to boxes and, where there is a folder for them, cut-outs."""
    job = Job(request.job, request.seed, request.settings, caller)
    engine = caller.load_engine(request.engine)
    photo, photo_record = load_photo(job, request.photo)
    if request.run_folder:
        editor = _editor(request, caller)
        run = open_run(request)
        with recorded(run, job):
            photo, photo_record = _edited(job, run, editor, photo, photo_record, request)
            founds = find_targets(job, engine, photo, request.wanted, photo_record.sha256)
            run.record.targets = _records(founds, photo, request.wanted)
            steps = Generation(job=job, run=run, engine=engine, settings=request.settings)
            steps.draw_forms(steps.edit(steps.cut_out(photo, founds), editor))
    else:
        for index, found in enumerate(find_targets(job, engine, photo, request.wanted, photo_record.sha256)):
            if isinstance(found, NotFound):
                job.fail(index, not_found_error(found))
    return Finished(job=job.id, made=0, failed=len(job.failed), seconds=job.elapsed)


def edit(request: Edit, caller: Caller) -> Finished:
    """A cleaner picture of the photo, as a file in the run's folder."""
    job = Job(request.job, request.seed, request.settings, caller)
    editor = _ready(caller, request.settings)
    photo, photo_record = load_photo(job, request.photo)
    run = open_run(request)
    with recorded(run, job):
        run.record.photo = photo_record
        _edit(job, run, editor, photo)
    return Finished(job=job.id, made=1, failed=0, seconds=job.elapsed)


def _editor(request: Generate | Locate, caller: Caller) -> Editor | None:
    """Where something is to be edited. Raises Img23DError, before anything is computed, where the model is not there that the settings ask for."""
    return _ready(caller, request.settings) if request.edits_photo or request.settings.edit.edits_things else None


def _ready(caller: Caller, settings: Settings) -> Editor:
    editor = caller.load_editor()
    editor.check(settings)
    editor.prefetch(settings)
    return editor


def _edited(job: Job, run: Run, editor: Editor | None, photo: Photo, record: PhotoRecord, request: Generate | Locate) -> tuple[Photo, PhotoRecord]:
    """The picture that is worked on, and what is recorded of it. One that was edited by an earlier job is kept beside what is made of it."""
    run.record.photo = record
    if request.original:
        _keep_edited(job, run, photo)
    elif request.edits_photo and editor is not None:
        photo = _edit(job, run, editor, photo)
        digest = hashlib.sha256(photo.rgb.tobytes()).hexdigest()
        record = replace(record, sha256=digest, width=photo.width, height=photo.height)
        run.record.photo.width, run.record.photo.height = photo.width, photo.height
    return photo, record


def _edit(job: Job, run: Run, editor: Editor, photo: Photo) -> Photo:
    with job.timed(Stage.EDIT):
        edited = edited_photo(editor, photo, job.context(Stage.EDIT))
    _keep_edited(job, run, edited)
    return edited


def _keep_edited(job: Job, run: Run, photo: Photo) -> None:
    """Written, recorded and told."""
    path = run.folder / edited_name(photo.name)
    write_png(path, photo.rgb)
    run.record.edited = path.name
    job.emit(PictureReady(job=job.id, file=FileName(path.name), width=photo.width, height=photo.height, note=" ".join(photo.notes)))


def unwrap(request: Unwrap, caller: Caller) -> Finished:
    """A layout for a mesh that exists already, and nothing painted yet."""
    from .retexture import unwrap_file

    job = Job(request.job, 0, Settings.of(texture_size=request.texture_size), caller)
    context = job.context(Stage.PAINT, 0)
    uv, note = unwrap_file(Path(request.mesh), request.uv, request.texture_size, lambda: context.report(0.5, "Unwrapping"))
    if uv is not None:
        make_folder(Path(request.run_folder))
    name = _save_uv(Path(request.run_folder) / "layout_uv.npy", uv)
    job.emit(UvReady(job=job.id, uv=name, note=note))
    return Finished(job=job.id, made=1, failed=0, seconds=job.elapsed)


def repaint(request: Paint, caller: Caller) -> Finished:
    """A picture, as one whole thing, onto a mesh that exists already."""
    from .retexture import retexture

    job = Job(request.job, request.seed, request.settings, caller)
    engine = caller.load_engine(request.engine)
    engine.prefetch(Stage.MATTE, request.settings)
    photo, photo_record = load_photo(job, request.picture)
    run = open_run(request)
    with recorded(run, job):
        target = TargetRecord(name=request.name or photo.name)
        run.record.photo, run.record.targets = photo_record, [target]
        cutout, _ = cut_out_whole(job, engine, photo)
        engine.prefetch(Stage.PAINT, request.settings)
        with job.timed(Stage.PAINT):
            context = job.context(Stage.PAINT, 0)
            painted = retexture(Path(request.mesh), request.uv, cutout, engine.painter, request.settings, context, splats=request.splats)
            texture = run.path_for(0, "_texture.png")
            write_png(texture, painted.texture)
            uv = _save_uv(run.path_for(0, "_uv.npy"), painted.uv)
        target.add_file(TargetState.PAINTED, painted.note, texture=texture, **({"uv": Path(uv)} if uv else {}))
        job.emit(PaintReady(job=job.id, texture=FileName(texture.name), uv=uv, note=painted.note))
    return Finished(job=job.id, made=1, failed=0, seconds=job.elapsed)


def cut_out_whole(job: Job, engine: Engine, photo: Photo) -> tuple[CutOut, Photo]:
    """The picture's one thing, and the picture at the size that the cut-out is of. Raises Img23DError where there is none."""
    with job.timed(Stage.MATTE):
        found = engine.grounder.locate(photo, (), job.context(Stage.LOCATE).as_whole())[0]
        if isinstance(found, NotFound):
            raise not_found_error(found)
        scaled, found, _ = WorkingSizes(photo=photo).fitted(found)
        return engine.matter.cut_out(scaled, found, job.context(Stage.MATTE, 0)), scaled


def _save_uv(path: Path, uv: np.ndarray | None) -> FileName | None:
    """The file's name, None where there is nothing to save."""
    return None if uv is None else save_array(path, uv)


def save_array(path: Path, values: np.ndarray) -> FileName:
    """As an .npy; the file's name. Raises OSError."""
    data = io.BytesIO()
    np.save(data, values)
    write_whole(path, data.getvalue())
    return FileName(path.name)


def load_photo(job: Job, path: str) -> tuple[Photo, PhotoRecord]:
    """The picture, upright and in 8 bits, and where it came from."""
    with job.timed("load"):
        job.context(Stage.LOCATE).report(0.0, "Reading the photo")
        data = read_file(path)
        photo = decode_photo(data, path)
    digest = hashlib.sha256(data).hexdigest()
    record = PhotoRecord(path=path, sha256=digest, width=photo.width, height=photo.height, notes=photo.notes)
    return photo, record


def find_targets(job: Job, engine: Engine, photo: Photo, wanted: tuple[Wanted, ...], key: str, *, variants: int = 1) -> list[Found | NotFound]:
    """One answer a name and variant, told as `Located`; without names the whole picture is one thing. `key` is the photo's, as
    for `Picker`.
    """
    with job.timed(Stage.LOCATE):
        context = job.context(Stage.LOCATE)
        picks = pointed(engine, photo, key, wanted, context)
        is_left = bool(picks.wanted) or not wanted
        founds = picks.answers(engine.grounder.locate(photo, picks.wanted, context) if is_left else ())
    if len(founds) < max(1, len(wanted)):
        raise RuntimeError(f"the engine answered {len(founds)} of {len(wanted)} names")
    founds = [found for found in founds for _ in range(variants)]
    targets = tuple(LocatedTarget(name=found.name, box=_box(found, photo), note=_note(found)) for found in founds)
    job.emit(Located(job=job.id, targets=targets, photo_width=photo.width, photo_height=photo.height, notes=photo.notes))
    return founds


@contextlib.contextmanager
def recorded(run: Run, job: Job) -> Iterator[None]:
    """However the block ends, run.json says so."""
    run.record.seconds = job.seconds
    try:
        yield
    except JobCancelled:
        run.end(RunState.CANCELLED)
        raise
    except Exception as error:
        run.end(RunState.FAILED, as_known(error))
        raise
    run.end(RunState.FINISHED)


def _records(founds: Sequence[Found | NotFound], photo: Photo, wanted: Sequence[Wanted], *, variants: int = 1) -> list[TargetRecord]:
    """What was found, with what the artist said about it; an engine may have found more than was wanted."""
    said = [one for one in wanted for _ in range(variants)]
    said += [Wanted(name="") for _ in range(len(founds) - len(said))]
    return [
        TargetRecord(
            name=found.name,
            box=_box(found, photo),
            point=one.point,
            strokes=one.strokes,
            height=one.height,
            shape=one.shape,
            sides=one.sides,
            wanted_faces=one.faces,
            is_edited=one.is_edited,
        )
        for found, one in zip(founds, said, strict=True)
    ]


def _box(found: Found | NotFound, photo: Photo) -> Box | None:
    if isinstance(found, NotFound):
        return None
    width, height, box = photo.width, photo.height, found.box
    return Box(left=box.left / width, top=box.top / height, right=box.right / width, bottom=box.bottom / height)


def _note(found: Found | NotFound) -> str:
    return found.sentence if isinstance(found, NotFound) else found.note
