"""Who may ask, from where, how much and how slowly: whatever comes, the server answers in a sentence and stays up."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from service_desk import Server, in_threads, malformed, multipart, picture

TOKEN = "a-token-of-this-test"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a token, small limits and little patience."""
    limits = {
        "IMG23D_SERVE_TOKEN": TOKEN, "IMG23D_SERVE_MAX_BYTES": "200000", "IMG23D_SERVE_MAX_PIXELS": "40000",
        "IMG23D_SERVE_HEADER_SECONDS": "0.5", "IMG23D_SERVE_BODY_SECONDS": "0.5", "IMG23D_SERVE_ORIGINS": "https://tools.example",
    }  # fmt: skip
    running = Server(tmp_path_factory.mktemp("guarded"), settings=limits, token=TOKEN).start().ready()
    yield running
    running.stop()


PROTECTED = [
    ("GET", "/v1/status"), ("GET", "/v1/options"), ("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("GET", "/v1/jobs/" + "0" * 32),
    ("GET", "/v1/jobs/" + "0" * 32 + "/events"), ("GET", "/v1/jobs/" + "0" * 32 + "/files/a"), ("POST", "/v1/jobs/" + "0" * 32 + "/cancel"),
    ("DELETE", "/v1/jobs/" + "0" * 32), ("POST", "/generate"), ("POST", "/generate-spz"), ("POST", "/generate_from_base64"), ("GET", "/nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("given", ["", "Bearer wrong", "Bearer ", "Basic " + TOKEN, TOKEN, "Bearer " + TOKEN + "x", "bearer \xff"])
def test_without_the_token_there_is_nothing(guarded: Server, method: str, path: str, given: str) -> None:
    answer = Server.request(guarded, method, path, b"", {"Authorization": given})
    assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Bearer") and TOKEN.encode() not in answer.body


@pytest.mark.parametrize("path", ["/health", "/", "/openapi.json", "/page/page.js"])
def test_what_is_open_says_nothing_of_jobs(guarded: Server, path: str) -> None:
    answer = guarded.request("GET", path, headers={"Authorization": ""})
    assert answer.status == 200 and TOKEN.encode() not in answer.body


def test_with_the_token_it_works(guarded: Server) -> None:
    assert guarded.finished(guarded.begin())[-1]["made"] == 1


def test_pages_of_other_places_are_refused(guarded: Server, server: Server) -> None:
    for running in (guarded, server):
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{running.port + 1}"):
            answer = running.request("POST", "/v1/jobs", b"", {"Origin": origin})
            assert answer.status == 403 and "access-control-allow-origin" not in answer.headers
        assert running.get("/v1/status", Origin=f"http://127.0.0.1:{running.port}").status == 200
    allowed = guarded.get("/v1/status", Origin="https://tools.example")
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, "https://tools.example")
    asked = {"Origin": "https://tools.example", "Access-Control-Request-Method": "POST", "Authorization": ""}
    assert guarded.request("OPTIONS", "/v1/jobs", headers=asked).status == 200


def test_a_name_that_points_at_this_machine_is_refused_without_a_token(server: Server) -> None:
    """DNS rebinding: the page's own name, whose address has become 127.0.0.1."""
    assert server.get("/v1/jobs", Host="evil.example").status == 403
    assert server.get("/v1/jobs", Host=f"localhost:{server.port}").status == 200


def test_too_many_bytes_are_413(guarded: Server) -> None:
    kind, body = multipart({}, {"photo": ("a.png", b"x" * 300_000)})
    told = guarded.request("POST", "/v1/jobs", body, {"Content-Type": kind})
    assert told.status == 413 and "MB" in told.json["detail"]
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {kind}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunked = b"".join(b"10000\r\n" + body[start : start + 65536].ljust(65536, b"-") + b"\r\n" for start in range(0, len(body), 65536)) + b"0\r\n\r\n"
    assert guarded.raw(head.encode() + chunked).startswith(b"HTTP/1.1 413")


def test_too_many_pixels_are_413(guarded: Server) -> None:
    answer = guarded.post("/generate", {}, {"prompt_image_file": ("a.png", picture(260))})
    assert answer.status == 413 and "megapixels" in answer.json["detail"]
    assert guarded.post("/v1/jobs", {}, {"photo": ("a.png", picture(260))}).status == 413


def test_slow_requests_are_ended(guarded: Server) -> None:
    begun = time.monotonic()
    assert guarded.raw(b"POST /v1/jobs HTTP/1.1\r\nHo") == b""  # headers that never come
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n--b"
    assert guarded.raw(head.encode()).startswith(b"HTTP/1.1 408")
    assert time.monotonic() - begun < 10


def test_malformed_requests_end_in_an_answer_or_a_closed_connection(guarded: Server) -> None:
    """`bench --only serve` sends hundreds more."""
    seeds = iter(range(60))
    lock = threading.Lock()
    statuses = []

    def one(number: int) -> None:
        while True:
            with lock:
                seed = next(seeds, None)
            if seed is None:
                return
            answer = guarded.raw(malformed(random.Random(seed), TOKEN))
            statuses.append(answer[9:12])

    in_threads(8, one)
    assert len(statuses) == 60 and {status[:1] for status in statuses} <= {b"", b"1", b"2", b"4"}, statuses
    assert guarded.get("/v1/status").status == 200
    for job in guarded.get("/v1/jobs").json["jobs"]:
        guarded.request("DELETE", f"/v1/jobs/{job['id']}")


def test_one_who_does_not_read_holds_up_nobody(guarded: Server) -> None:
    with socket.create_connection(("127.0.0.1", guarded.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET /v1/options HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        begun = time.monotonic()
        assert guarded.get("/health").status == 200
        assert time.monotonic() - begun < 2


def test_nothing_is_written_outside_of_its_folder(guarded: Server) -> None:
    known = {"data", "server.log"}
    assert {path.name for path in guarded.folder.iterdir() if not path.name.startswith("shaping-")} == known
    assert {path.name for path in Path(guarded.folder, "data").iterdir()} == {"jobs", "logs", "lock"}
