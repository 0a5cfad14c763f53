"""The jobs that the artist started and what is known about each of them: what the panel draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..shared.img23d_protocol.files.filenames import FileName, in_folder
from ..shared.img23d_protocol.messages import (
    USUAL,
    Accepted,
    Arranged,
    Close,
    CutoutReady,
    Diagnose,
    Diagnosed,
    DivisionReady,
    Edit,
    Failed,
    Finding,
    Finished,
    FormsReady,
    FromBackend,
    Generate,
    LidsReady,
    Locate,
    Located,
    Notice,
    Paint,
    PaintReady,
    Pick,
    PictureReady,
    PreviewReady,
    Progress,
    Regions,
    ResultReady,
    SetupProgress,
    SetupRequest,
    Split,
    Stage,
    TargetCancelled,
    TargetFailed,
    Unwrap,
    UvReady,
)
from .job_targets import STAGE_SHARES as STAGE_SHARES
from .job_targets import JobTarget as JobTarget
from .job_targets import Result as Result
from .job_targets import beside_name as beside_name
from .job_targets import stage_progress as stage_progress
from .plausible import LONGEST_NOTE, NOTES_KEPT, is_sound_arrangement, sound_count, sound_parts
from .states import JobState

Request = Edit | Locate | Pick | Generate | Unwrap | Paint | Split | Close | Diagnose | SetupRequest

_UNSAID = "It failed, and the reason was not told; the log may say more."


@dataclass(kw_only=True, eq=False)
class Job:
    """One request and its story. Only the session changes it, but for `JobTarget.object_name` and `add_notes`."""

    id: str
    request: Request
    state: JobState = JobState.WAITING
    targets: list[JobTarget] = field(default_factory=list)
    notes: tuple[str, ...] = ()  # about the photo or the job as a whole
    photo_size: tuple[int, int] = (0, 0)  # pixels, upright; zeros until known
    stages: tuple[Stage, ...] = USUAL  # that it goes through, as the backend says
    stage: Stage | None = None  # of the job as a whole
    fraction: float = 0.0
    note: str = ""
    at: int = -1  # the target that was worked on last, -1 before any
    code: str = ""  # an ErrorCode, where the job failed
    error: str = ""  # a sentence for the artist
    action: str = ""  # what to do about it, where the sentence does not say so itself
    detail: str = ""
    edited: str = ""  # the edited photo, to which the boxes refer; empty where it was not edited
    texture: str = ""  # of a re-texture: PNG
    uv: str = ""  # of a re-texture: .npy, empty where the mesh's own layout serves
    division: DivisionReady | None = None  # of a splitting: the parts, and the path of their labels
    lids: str = ""  # of a closing: .npz
    open_parts: tuple[int, ...] = ()  # of a closing: those that could not be closed
    regions: Regions | None = None  # of the photo, for picking
    arranged: Arranged | None = None  # where its targets stand in the photo, as far as known
    report: str = ""  # of a diagnosis
    findings: tuple[Finding, ...] = ()  # of a diagnosis
    setup: SetupProgress | None = None  # the newest word of a set-up
    seconds: float = 0.0
    memory_bytes: int = 0  # the largest amount of the machine's memory, and of its cards'; 0 where it is not known
    card_bytes: int = 0
    started: float = 0.0  # wall time, seconds since 1970
    ended: float = 0.0  # wall time, 0 while it runs
    machine: str = ""  # the key of the other machine that does it
    file_key: str = ""  # the state of the Blender file that the job was started in
    is_past: bool = False  # read from its folder, not seen from its beginning (see `history`)
    was_interrupted: bool = False  # of a past one: its program ended before it did
    stage_seconds: dict[str, float] = field(default_factory=dict)  # by step, of a past one
    heard: int = 0  # messages so far: another number, and there is something new to be seen

    @property
    def is_over(self) -> bool:
        return self.state.is_over

    @property
    def is_generation(self) -> bool:
        return isinstance(self.request, Generate)

    @property
    def making(self) -> Generate:
        """The request of a job that generates."""
        assert isinstance(self.request, Generate), "ask `is_generation` first"
        return self.request

    @property
    def is_search(self) -> bool:
        return isinstance(self.request, Locate)

    @property
    def is_edit(self) -> bool:
        """It only cleans the photo."""
        return isinstance(self.request, Edit)

    @property
    def is_pick(self) -> bool:
        return isinstance(self.request, Pick)

    @property
    def is_retexture(self) -> bool:
        return isinstance(self.request, Unwrap | Paint)

    @property
    def is_split(self) -> bool:
        return isinstance(self.request, Split)

    @property
    def splitting(self) -> Split:
        """The request of a job that splits."""
        assert isinstance(self.request, Split), "ask `is_split` first"
        return self.request

    @property
    def is_close(self) -> bool:
        return isinstance(self.request, Close)

    @property
    def picture(self) -> str:
        """The path of the picture that it works from, empty where there is none."""
        return getattr(self.request, "picture" if self.is_retexture or self.is_split else "photo", "")

    @property
    def seen_photo(self) -> str:
        """The path of the picture that its boxes refer to: what was made of the photo, where it was edited."""
        return self.edited or getattr(self.request, "photo", "")

    @property
    def progress(self) -> float:
        """0..1 over everything that the job has to do."""
        if self.state is JobState.DONE:
            return 1.0
        if self.setup is not None:
            return min(max(self.setup.fraction, 0.0), 1.0)
        if all(target.stage is None for target in self.targets):
            return stage_progress(self.stage, self.fraction, self.stages)
        return sum(target.progress(self.stages) for target in self.targets) / len(self.targets)

    @property
    def unfinished(self) -> list[int]:
        """The targets that something is still to be made of, by their indices."""
        is_settled = self._settled
        return [index for index, target in enumerate(self.targets) if not is_settled(target)]

    def is_unfinished(self, index: int) -> bool:
        return (target := self.target(index)) is not None and not self._settled(target)

    @property
    def _settled(self) -> Callable[[JobTarget], bool]:
        """What tells whether nothing is to be made of a target any more."""
        is_painted = self.making.is_painted if self.is_generation else self.is_retexture
        over = self.is_over or self.division is not None
        if self.is_split:  # what is there of it are parts
            return lambda target: bool(over or target.error or target.is_cancelled)
        return lambda target: bool(over or (target.textured if is_painted else target.main) or target.error or target.is_cancelled)

    def has_dropped(self, index: int) -> bool:
        """Nothing is heard any more of a target that the artist has stopped."""
        target = self.target(index)
        return target is not None and target.is_cancelled

    def target(self, index: int) -> JobTarget | None:
        """The target of that index, or None where the backend names one that does not exist."""
        return self.targets[index] if 0 <= index < len(self.targets) else None

    # What the session records

    def take(self, message: FromBackend) -> bool:
        """Records what is said about this job. True where the scene or the panel must apply it."""
        self.heard += 1
        match message:
            case Accepted():
                self.stages = message.stages or self.stages
            case Progress():
                self.on_progress(message)
            case SetupProgress():
                self.setup, self.note = message, message.note
            case Notice():
                self.add_notes(message.sentence)
            case Located():
                self.on_located(message)
                return True
            case Regions():
                self.regions = self._with_paths(message)
                return True
            case PictureReady():
                return self.on_picture(message)
            case CutoutReady():
                return self.on_cutout(message)
            case FormsReady():
                return self.target(message.target) is not None
            case ResultReady():
                return self.on_result(message)
            case PreviewReady():
                return self.on_preview(message)
            case Arranged() if is_sound_arrangement(message):
                self.arranged = message
                return True
            case TargetFailed():
                return self.on_target_failed(message)
            case TargetCancelled():
                return self.on_target_cancelled(message)
            case PaintReady():
                self.on_painted(message)
                return True
            case UvReady():
                self.on_laid_out(message)
                return True
            case DivisionReady():
                self.on_divided(message)
                return True
            case LidsReady():
                self.lids, self.open_parts = self.file(message.lids), message.open_parts
                self.add_notes(*filter(None, (message.note,)))
                return True
            case Diagnosed():
                self.report, self.findings = message.report, message.findings
                return True
        return False

    def file(self, name: FileName | None) -> str:
        """The path of a file that was announced, empty for none."""
        return in_folder(getattr(self.request, "run_folder", ""), name) if name else ""

    def _with_paths(self, found: Regions) -> Regions:
        """For whoever reads the files."""
        regions = tuple(replace(one, cutout=FileName(self.file(one.cutout))) for one in found.regions)
        return replace(found, labels=FileName(self.file(found.labels)), regions=regions)

    def add_notes(self, *sentences: str) -> None:
        """Each of them once, and no more than anybody would read."""
        short = (sentence[:LONGEST_NOTE] for sentence in sentences)
        self.notes = tuple(dict.fromkeys((*self.notes, *short)))[:NOTES_KEPT]

    # The methods that return a bool say whether there is such a target.

    def on_progress(self, message: Progress) -> None:
        self.stage, self.fraction, self.note = message.stage, message.fraction, message.note
        target = self.target(message.target)
        if target is not None:
            self.at = message.target
            target.stage, target.fraction = message.stage, message.fraction
            target.note = message.note or target.note

    def on_located(self, message: Located) -> None:
        before, self.targets = self.targets, [JobTarget(name=one.name, box=one.box) for one in message.targets]
        for target, known in zip(self.targets, before, strict=False):  # the artist may have stopped one already
            target.is_cancelled = known.is_cancelled
        for target, one in zip(self.targets, message.targets, strict=True):
            target.stage, target.fraction, target.note = Stage.LOCATE, 1.0, one.note
        self.add_notes(*message.notes)
        self.photo_size = (message.photo_width, message.photo_height)

    def on_cutout(self, message: CutoutReady) -> bool:
        target = self.target(message.target)
        if target is None:
            return False
        target.enter(Stage.MATTE, message.note)
        target.cutout = self.file(message.file)
        return True

    def on_result(self, message: ResultReady) -> bool:
        target = self.target(message.target)
        if target is None or not message.files:
            return False
        target.enter(message.stage, message.note)
        first, *others = map(self.file, message.files)
        target.add(
            Result(
                piece=message.piece,
                path=first,
                textured=message.textured,
                count=sound_count(message.count),
                name=message.name,
                others=tuple(others),
            )
        )
        return True

    def on_picture(self, message: PictureReady) -> bool:
        """Of the photo, or of one target's cut-out."""
        if message.target < 0:
            self.edited, self.photo_size = self.file(message.file), (message.width, message.height)
            self.add_notes(*filter(None, (message.note,)))
            return True
        target = self.target(message.target)
        if target is None:
            return False
        target.enter(Stage.EDIT, message.note)
        target.cutout = self.file(message.file)
        return True

    def on_preview(self, message: PreviewReady) -> bool:
        target = self.target(message.target)
        if target is None:
            return False
        target.preview = self.file(message.file)
        return True

    def on_target_cancelled(self, message: TargetCancelled) -> bool:
        target = self.target(message.target)
        if target is None:
            return False
        target.is_cancelled = True
        return True

    def on_target_failed(self, message: TargetFailed) -> bool:
        target = self.target(message.target)
        if target is None:
            return False
        target.error, target.detail = _said(message.sentence), message.detail
        return True

    def on_painted(self, message: PaintReady) -> None:
        self.texture, self.uv, self.note = self.file(message.texture), self.file(message.uv), message.note
        for target in self.targets:
            target.enter(Stage.PAINT, message.note)
            target.is_painted = True

    def on_laid_out(self, message: UvReady) -> None:
        self.uv = self.file(message.uv)
        if message.note:
            self.add_notes(message.note)

    def on_divided(self, message: DivisionReady) -> None:
        labels = FileName(self.file(message.labels)) if message.labels else None
        self.division = replace(message, labels=labels, parts=sound_parts(message.parts))
        for target in self.targets:
            target.enter(Stage.SPLIT, message.note)

    def on_failed(self, message: Failed, action: str = "") -> None:
        self.code, self.error, self.detail, self.action = message.code, _said(message.sentence), message.detail, action

    def on_finished(self, message: Finished) -> None:
        self.memory_bytes, self.card_bytes = message.memory_bytes, message.card_bytes

    def end(self, state: JobState, *, now: float) -> None:
        self.state, self.ended = state, now
        self.seconds = max(now - self.started, 0.0)


def new_job(request: Request, *, file_key: str, now: float, machine: str = "") -> Job:
    """A job whose list already shows what was asked for. `now` is wall time in seconds since 1970."""
    return Job(
        id=request.job,
        request=request,
        targets=_expected_targets(request),
        stages=getattr(request, "stages", USUAL),
        started=now,
        file_key=file_key,
        machine=machine,
    )


def _said(sentence: str) -> str:
    """Never empty: what has no error has not failed."""
    return sentence if sentence.strip() else _UNSAID


def _expected_targets(request: Request) -> list[JobTarget]:
    if isinstance(request, Generate | Locate):
        variants = request.variants if isinstance(request, Generate) else 1
        return [JobTarget(name=wanted.name, box=wanted.box) for wanted in request.wanted for _ in range(variants)]
    if isinstance(request, Unwrap | Paint | Split):
        return [JobTarget(name=request.name)]
    return []
