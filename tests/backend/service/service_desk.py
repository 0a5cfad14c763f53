"""A running server in a process of its own, with real backends in which the small engine works, and clients of plain sockets.

The file `wait` in its folder holds every job in its shape stage, `die` ends its backend there (see workers/worker_desk.py).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "backend" / "workers"))
from worker_desk import until  # noqa: E402

PATHS = os.pathsep.join(map(str, (ROOT / "backend", ROOT / "blender_img23d" / "shared", ROOT / "tests" / "backend" / "workers")))
# `img23d serve` whose workers are started by another recipe
PROGRAM = """
import sys
from pathlib import Path
from img23d_backend.service import run
from worker_desk import SmallRecipe
folder = Path(sys.argv.pop(1))
run.recipe = lambda python, models: SmallRecipe(folder=folder)
from img23d_backend.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """`img23d serve`; `small` backends unless a test has its own."""

    folder: Path
    arguments: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    small: bool = True
    token: str = ""
    port: int = 0

    def start(self) -> Server:
        program = ["-c", PROGRAM, str(self.folder)] if self.small else ["-m", "img23d_backend"]
        told = {name: value for name, value in os.environ.items() if not name.startswith(("IMG23D_SERVE", "HOST", "PORT"))}
        variables = {**told, "PYTHONPATH": PATHS, "IMG23D_SERVE_DATA": str(self.folder / "data"), "IMG23D_SERVE_ENGINE": "preview", **self.settings}
        command = [sys.executable, "-s", *program, "serve", "--port", str(self.port), "--env", str(self.folder / "no.env"), *self.arguments]
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=log, cwd=self.folder)
        line = self.process.stdout.readline().decode()
        found = re.search(r":(\d+)$", line.strip())
        assert found, (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")[-3000:]
        self.port = int(found[1])
        return self

    def ready(self) -> Server:
        until(lambda: self.get("/health").status == 200, 60)
        return self

    def stop(self) -> int:
        self.process.terminate()
        return self._ended(30)

    def kill(self) -> None:
        self.process.kill()
        self._ended(10)

    def _ended(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    # --- requests ---------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, seconds: float = 60) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers={**known, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: dict[str, str] | None = None, files: dict[str, tuple[str, bytes]] | None = None, **headers: str) -> Answer:
        kind, body = multipart(fields or {}, files or {})
        return self.request("POST", path, body, {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}})

    def post_json(self, path: str, data: Any) -> Answer:
        return self.request("POST", path, json.dumps(data).encode(), {"Content-Type": "application/json"})

    def begin(self, **fields: str) -> str:
        """A job of the small picture; its id."""
        answer = self.post("/v1/jobs", {"seed": "1", **fields}, {"photo": ("ball.png", picture())})
        assert answer.status == 201, answer
        return answer.json["id"]

    def events(self, job: str, after: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        """As they come, until the server ends the stream or the connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with contextlib.closing(connection):
            connection.request("GET", f"/v1/jobs/{job}/events?after={after}", headers={**known, "Accept": "text/event-stream"})
            answer = connection.getresponse()
            assert answer.status == 200 and answer.headers["content-type"].startswith("text/event-stream")
            number = 0
            with contextlib.suppress(http.client.HTTPException, OSError):
                while line := answer.readline():
                    name, _, value = line.decode().rstrip("\n").partition(": ")
                    if name == "id":
                        number = int(value)
                    if name == "data":
                        yield number, json.loads(value)

    def finished(self, job: str) -> list[dict[str, Any]]:
        """Everything that was said of a job until its end."""
        return [message for _, message in self.events(job)]

    def raw(self, data: bytes, seconds: float = 20) -> bytes:
        """What comes back for bytes that need be no HTTP, until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            found = b""
            with contextlib.suppress(ConnectionError):
                while chunk := connection.recv(65536):
                    found += chunk
            return found


def multipart(fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    """RFC 7578: the content type and the body."""
    boundary = secrets.token_hex(8)
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, (file, data) in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()


def picture(side: int = 160) -> bytes:
    """A PNG of a red disc on grey."""
    shown = np.full((side, side, 3), 230, np.uint8)
    cv2.circle(shown, (side // 2, side // 2), side // 3, (20, 30, 200), -1)
    return cv2.imencode(".png", shown)[1].tobytes()


def malformed(random_: random.Random, token: str) -> bytes:
    """A request that is broken in one of many ways."""
    kind, body = multipart({"message": "{}" * random_.randrange(4)}, {"photo": ("../" * random_.randrange(3) + "a.png", picture()[: random_.randrange(400)])})
    path = random_.choice(["/v1/jobs", "/generate", "/generate-spz", "/generate_from_base64", "/%ff%00", "/v1/jobs/..//..", "*", "http://x/"])
    head = [
        f"{random_.choice(['POST', 'GET', 'PUT', 'BREW', 'post'])} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Connection: close",
    ]
    head += random_.choice([
        [f"Content-Type: {kind}", f"Content-Length: {len(body)}"], [f"Content-Type: {kind}", f"Content-Length: {random_.choice(['-1', 'x', '9' * 30, '7'])}"],
        ["Content-Type: multipart/form-data", f"Content-Length: {len(body)}"], ["Content-Type: application/json", f"Content-Length: {len(body)}"],
        ["Transfer-Encoding: chunked"], [f"X: {'y' * random_.randrange(60_000)}"], ["Content-Length: 3", "Content-Length: 4"], ["\x01\x02: \xff"],
        [f"Content-Type: {kind}; charset=utf-99", "Transfer-Encoding: gzip, chunked"], ["Expect: 100-continue", f"Content-Length: {len(body)}"],
    ])  # fmt: skip
    data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
    if random_.random() < 0.3:
        place = random_.randrange(len(data))
        data = data[:place] + bytes([random_.randrange(256)]) + data[place + 1 :]
    return data[: random_.randrange(1, len(data))] if random_.random() < 0.2 else data


def in_threads(count: int, work) -> list[Any]:
    """What each of so many calls gives, all at once; the first that raises raises here."""
    found: list[Any] = [None] * count
    errors: list[BaseException] = []

    def one(number: int) -> None:
        try:
            found[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found
