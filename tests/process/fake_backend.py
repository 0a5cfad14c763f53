"""A backend that makes nothing and behaves as badly as the first argument says. It speaks the real protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from queue import Empty, SimpleQueue

from img23d_protocol import PROTOCOL_VERSION, decode, encode
from img23d_protocol.messages import (
    USUAL,
    Accepted,
    Cancel,
    Cancelled,
    EngineInfo,
    Finished,
    Generate,
    Hello,
    Located,
    LocatedTarget,
    Log,
    Message,
    Notice,
    Progress,
    ResultReady,
    Shutdown,
    Stage,
    Unload,
    Unloaded,
)

FLOOD = 100_000
HUGE = 17 * 1024 * 1024
GRANDCHILD_SECONDS = 5  # longer than the death of its parent may take to be seen; what counts threads and files waits for its end


def say(message: Message) -> None:
    write(encode(message).encode() + b"\n")


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def greet(protocol: int = PROTOCOL_VERSION) -> None:
    engines = (EngineInfo(id="preview", label="Preview", ready=True),)
    say(Hello(protocol=protocol, backend="fake", python="3", pid=os.getpid(), engines=engines))


class Inbox:
    """Reads stdin in a thread; its end is the end of the process, as in the real backend."""

    def __init__(self) -> None:
        self.messages: SimpleQueue[Message] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self.messages.put(decode(line))
        os._exit(0)

    def was_cancelled(self) -> bool:
        try:
            return isinstance(self.messages.get_nowait(), Cancel)
        except Empty:
            return False


def serve(inbox: Inbox, behaviour: str) -> None:
    while True:
        match inbox.messages.get():
            case Shutdown():
                return
            case Unload():
                say(Unloaded(freed=1_500_000_000))
            case Generate() as request:
                generate(request, inbox, behaviour)


def generate(request: Generate, inbox: Inbox, behaviour: str) -> None:
    say(Accepted(job=request.job))
    disturb(request, behaviour)
    targets = tuple(LocatedTarget(name=wanted.name) for wanted in request.wanted)
    for stage in USUAL:
        if behaviour == f"crash-{stage}":
            sys.stderr.write(f"Traceback: the {stage} stage has failed\n")
            os._exit(3)
        if behaviour == f"hang-{stage}":
            hang()
        if stage is Stage.LOCATE:
            say(Located(job=request.job, targets=targets, photo_width=100, photo_height=100))
        for index in range(len(targets)):
            for step in range(100 if behaviour == "slow" else 2):
                say(Progress(job=request.job, stage=stage, target=index, fraction=step / 100))
                if behaviour == "slow":
                    time.sleep(0.02)
                if inbox.was_cancelled():
                    say(Cancelled(job=request.job))
                    return
            if stage in (Stage.SHAPE, Stage.PAINT):
                textured = stage is Stage.PAINT
                say(
                    ResultReady(
                        job=request.job, target=index, files=(f"{index}.glb",), stage=Stage.PAINT if textured else Stage.SHAPE, textured=textured, count=500
                    )
                )
    say(Finished(job=request.job, made=len(targets), failed=0, seconds=0.1))


def disturb(request: Generate, behaviour: str) -> None:
    match behaviour:
        case "garbage":
            write(b'a library prints\n\n{"kind": "Nonsense"}\n[1, 2\n\xff\xfe\x00\n{"kind": "Finished"}\nnull\n')
        case "asks-blender":  # a message that only Blender sends
            write(b'{"kind": "Ping"}\n')
        case "flood":
            lines = (encode(Progress(job=request.job, stage=Stage.LOCATE, target=n % 7)) for n in range(FLOOD))
            write("\n".join(lines).encode() + b"\n")
        case "huge":
            write(b"x" * HUGE + b"\n")
            say(Log(level="info", text="y" * 1_000_000))
        case "long-messages":  # more than anybody wants to keep
            for number in range(300):
                say(Notice(job=request.job, sentence=f"{number} " + "y" * 1_000_000))
        case "endless":
            while True:
                write(b"x" * HUGE)
        case "pieces":
            for byte in encode(Log(level="info", text="piece by piece")).encode() + b"\n":
                write(bytes([byte]))
        case "half-a-line":
            write(b'{"kind": "Fini')
            os._exit(1)
        case "deaf":  # neither reads nor ends
            hang()
        case "closes-stdout":
            os.close(1)
            hang()
        case "grandchild":  # keeps the channel open after its parent's death
            subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({GRANDCHILD_SECONDS})"], stdin=subprocess.DEVNULL)
            os._exit(5)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    if os.name != "nt":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def main(behaviour: str) -> None:
    match behaviour:
        case "mute":
            hang()
        case "dies-at-once":
            sys.exit("ModuleNotFoundError: No module named 'cv2'")
        case "old":
            greet(PROTOCOL_VERSION - 1)
            hang()
        case "stubborn":  # greets, then listens to nothing
            greet()
            hang()
        case "prints-first":
            sys.stdout.write("a banner of some library\nWarning: 100%\n")
    inbox = Inbox()
    greet()
    serve(inbox, behaviour)


if __name__ == "__main__":
    main(sys.argv[1])
