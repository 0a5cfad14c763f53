"""A link that says what the test tells it to, and a clock that the test turns."""

from __future__ import annotations

from blender_img23d.core.jobs import Result
from blender_img23d.core.session.deadlines import IDLE_SECONDS
from blender_img23d.core.session.link import LinkClosed
from blender_img23d.core.session.session import Session, Update
from blender_img23d.shared.img23d_protocol import PROTOCOL_VERSION, Img23DError
from blender_img23d.shared.img23d_protocol.messages import (
    WHOLE,
    Box,
    EngineInfo,
    Finished,
    Generate,
    Hello,
    Located,
    LocatedTarget,
    Message,
    Piece,
    ResultReady,
    Stage,
    ToBackend,
    Wanted,
)

BOX = Box(left=0.1, top=0.1, right=0.5, bottom=0.5)
HELLO = Hello(
    protocol=PROTOCOL_VERSION,
    backend="1.0",
    python="3.11",
    pid=1,
    engines=(EngineInfo(id="preview", label="Preview", ready=True),),
)


class FakeLink:
    def __init__(self, error: Img23DError | None = None) -> None:
        self.sent: list[ToBackend] = []
        self.says: list[Message | LinkClosed] = []
        self.was_closed = False
        self.was_killed = False
        self._error = error

    def start(self) -> None:
        if self._error:
            raise self._error

    def send(self, message: ToBackend) -> None:
        self.sent.append(message)

    def receive(self) -> list[Message | LinkClosed]:
        items, self.says = self.says, []
        return items

    def close(self) -> None:
        self.was_closed = True

    def kill(self) -> None:
        self.was_killed = True


class Rig:
    """A session, the links it has made so far, and its time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.links: list[FakeLink] = []
        self.start_error: Img23DError | None = None
        self.idle_seconds = IDLE_SECONDS
        self.session = Session(self._make_link, clock=lambda: self.now, idle_seconds=lambda: self.idle_seconds)

    @property
    def link(self) -> FakeLink:
        return self.links[-1]

    def hear(self, *messages: Message | LinkClosed) -> tuple[Update, ...]:
        self.link.says.extend(messages)
        return self.session.tick()

    def wait(self, seconds: float) -> tuple[Update, ...]:
        """Time goes by with a tick a second, as in a Blender that is alive."""
        updates: list[Update] = []
        while seconds > 0:
            self.now += min(seconds, 1.0)
            seconds -= 1.0
            updates.extend(self.session.tick())
        return tuple(updates)

    def run(self, request: Generate | None = None):
        """A job that the backend has begun."""
        job = self.session.submit(request or make_request())
        if not self.session.hello:
            self.hear(HELLO)
        return job

    def _make_link(self) -> FakeLink:
        self.links.append(FakeLink(self.start_error))
        return self.links[-1]


def make_request(job: str = "job1", *names: str) -> Generate:
    wanted = tuple(Wanted(name=name) for name in names or ("cup", "book"))
    return Generate(job=job, photo="/photo.png", run_folder="/runs/1", wanted=wanted)


def located(job: str = "job1") -> Located:
    targets = (LocatedTarget(name="cup", box=BOX), LocatedTarget(name="book", box=BOX))
    return Located(job=job, targets=targets, photo_width=1000, photo_height=800, notes=("turned upright",))


def mesh(target: int, *, textured: bool = False, job: str = "job1", note: str = "", count: int = 500) -> ResultReady:
    stage = Stage.PAINT if textured else Stage.SHAPE
    return ResultReady(job=job, target=target, files=(f"{target}.glb",), stage=stage, textured=textured, count=count, note=note)


def made(path: str = "/m.glb", *, textured: bool = False) -> dict[Piece, Result]:
    """What a target has when its mesh is there."""
    return {WHOLE: Result(path=path, textured=textured)}


def finished(job: str = "job1") -> Finished:
    return Finished(job=job, made=2, failed=0, seconds=1.5)
