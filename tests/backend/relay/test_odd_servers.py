"""Servers that are wrong, hostile, broken or slow: one sentence, and nothing written that is not the run's own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from odd_server import JOB, STATUS, Handler, OddServer, send
from relay_desk import TOKEN, Relay
from service_desk import Server

from img23d_protocol import PROTOCOL_VERSION
from img23d_protocol.messages import Cancelled, CutoutReady, Diagnose, Failed, Finished, Level, Notice, PreviewReady, ResultReady, TargetFailed

FINISHED = {"kind": "Finished", "made": 1, "failed": 0, "seconds": 1.0}
CUTOUT = {"kind": "CutoutReady", "target": 0, "file": "00_ball_cutout.png"}


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer()
    yield server
    server.close()


@pytest.fixture
def laptop(odd: OddServer, tmp_path: Path) -> Iterator[Relay]:
    with Relay(tmp_path / "laptop", odd.address, token=TOKEN) as one:
        yield one


def result(name: str) -> dict:
    return {"kind": "ResultReady", "target": 0, "files": [name], "stage": "shape", "textured": False, "count": 12}


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != "relay.log"}


def test_a_wrong_token(server: Server, tmp_path: Path) -> None:
    with Relay(tmp_path / "laptop", f"http://127.0.0.1:{server.port}", token="tok-wrong-0123") as relay:
        relay.hello()
        assert "token" in relay.until_kind(Notice).sentence
        relay.send(request := relay.job())
        assert relay.last(request.job, 5).code == "machine_refused"
        (relay.folder / "token").write_text(TOKEN, encoding="ascii")  # corrected meanwhile
        relay.send(request := relay.job("again"))
        assert isinstance(relay.last(request.job), Finished)


def test_another_version_says_both(odd: OddServer, tmp_path: Path) -> None:
    odd.status = {**STATUS, "protocol": PROTOCOL_VERSION + 1, "version": "7.8.9"}
    with Relay(tmp_path / "laptop", odd.address) as relay:
        assert relay.hello().protocol == PROTOCOL_VERSION
        relay.send(Diagnose(job="d"))
        (found,) = relay.last("d").findings
        assert found.level is Level.PROBLEM and "7.8.9" in found.sentence and "0.1.0" in found.sentence
        relay.send(request := relay.job())
        assert relay.last(request.job).code == "machine_differs"
    assert not [path for method, path, _ in odd.asked if method == "POST"]


@pytest.mark.parametrize(
    "status", ["text", [], {}, {"protocol": "10"}, {**STATUS, "status": {"kind": "Status", "devices": 5}}, {**STATUS, "hello": {"kind": "Pong"}}]
)
def test_what_is_no_server_of_ours(odd: OddServer, tmp_path: Path, status: object) -> None:
    odd.status = status
    with Relay(tmp_path / "laptop", odd.address) as relay:
        relay.hello()
        relay.send(request := relay.job())
        assert relay.last(request.job, 10).code in ("machine_differs", "machine_answer")


@pytest.mark.parametrize(
    "name",
    ["../escaped.glb", "..", "/tmp/escaped.glb", "..\\escaped.glb", "C:escaped.glb", "a/b.glb", ".hidden.glb", "nul\0.glb", "", "x" * 300, "line\nbreak.glb"],
)
def test_names_lead_nowhere(odd: OddServer, laptop: Relay, name: str) -> None:
    odd.special[f"/v1/jobs/{JOB}/files/"] = lambda handler: send(handler, b"glTF")
    odd.events = [result(name), FINISHED]
    laptop.send(request := laptop.job())
    before = everything_in(laptop.folder.parent)
    laptop.last(request.job)
    new = everything_in(laptop.folder.parent) - before
    assert {Path(one).name for one in new} <= {"run.json"} and not Path("/tmp/escaped.glb").exists()
    assert not [one for one in laptop.heard if isinstance(one, ResultReady)]


def test_what_the_run_was_begun_with_is_not_replaced(odd: OddServer, laptop: Relay) -> None:
    from img23d_protocol.messages import Unwrap

    folder = Path(laptop.job().run_folder)
    (folder / "mesh.npz").write_bytes(b"the artist's")
    odd.files = {"mesh.npz": b"another"}
    odd.events = [{"kind": "UvReady", "uv": "mesh.npz"}, FINISHED]
    laptop.send(Unwrap(job="u", mesh=str(folder / "mesh.npz"), run_folder=str(folder)))
    assert laptop.last("u").code == "machine_answer" and (folder / "mesh.npz").read_bytes() == b"the artist's"


def test_a_link_in_the_folder_is_not_followed(odd: OddServer, laptop: Relay) -> None:
    request = laptop.job()
    outside = laptop.folder / "outside.txt"
    outside.write_bytes(b"mine")
    (Path(request.run_folder) / "a.glb").symlink_to(outside)
    odd.files, odd.events = {"a.glb": b"glTF"}, [result("a.glb"), FINISHED]
    laptop.send(request)
    laptop.last(request.job)
    assert outside.read_bytes() == b"mine" and (Path(request.run_folder) / "a.glb").read_bytes() == b"glTF"


def test_too_large_too_short_and_of_unknown_length(odd: OddServer, laptop: Relay) -> None:
    for number, (odd_file, code) in enumerate([
        (lambda handler: send(handler, b"glTF", length=10**14), "machine_answer"),
        (lambda handler: send(handler, b"glTF" * 100, close=True), "machine_answer"),
        (lambda handler: send(handler, b"", 302, Location="http://127.0.0.1:9/"), "machine_answer"),
        (lambda handler: send(handler, b"{}", 404), ""),
    ]):  # fmt: skip
        odd.files, odd.events = {"a.glb": odd_file}, [result("a.glb"), FINISHED]
        laptop.send(request := laptop.job(f"job-{number}"))
        last = laptop.last(request.job)
        assert (last.code == code) if code else isinstance(last, Finished)
        assert not list(Path(request.run_folder).iterdir())
    assert [one.target for one in laptop.heard if isinstance(one, TargetFailed)] == [0]  # the one that is not there


def test_a_download_that_breaks_off_goes_on(odd: OddServer, laptop: Relay) -> None:
    whole, cuts = bytes(range(256)) * 4000, []

    def in_pieces(handler: Handler) -> None:
        match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        cuts.append((start, handler.headers.get("If-Range")))
        end = min(start + 300_000, len(whole))
        extent = {"Content_Range": f"bytes {start}-{len(whole) - 1}/{len(whole)}"} if match else {}
        send(handler, whole[start:end], 206 if match else 200, length=len(whole) - start, ETag='"one"', **extent)
        handler.close_connection = True

    odd.files, odd.events = {"a.glb": in_pieces}, [result("a.glb"), FINISHED]
    laptop.send(request := laptop.job())
    laptop.last(request.job)
    assert (Path(request.run_folder) / "a.glb").read_bytes() == whole
    assert [start for start, _ in cuts] == [0, 300_000, 600_000, 900_000] and {tag for _, tag in cuts[1:]} == {'"one"'}


def test_a_file_that_is_another_one_now_is_begun_anew(odd: OddServer, laptop: Relay) -> None:
    seen: list[str] = []

    def changing(handler: Handler) -> None:
        seen.append(handler.headers.get("Range", ""))
        if len(seen) == 1:
            send(handler, b"A" * 1000, length=5000, ETag='"one"')
            handler.close_connection = True
        else:
            send(handler, b"B" * 2000, ETag='"two"')  # as RFC 9110 says: the whole, where If-Range does not hold

    odd.files, odd.events = {"a.glb": changing}, [result("a.glb"), FINISHED]
    laptop.send(request := laptop.job())
    laptop.last(request.job)
    assert seen == ["", "bytes=1000-"] and (Path(request.run_folder) / "a.glb").read_bytes() == b"B" * 2000


def test_broken_events_are_left_out(odd: OddServer, laptop: Relay) -> None:
    odd.files = {"00_ball_cutout.png": b"\x89PNG"}
    odd.events = [
        {"kind": "Explode"}, {"kind": "CutoutReady", "target": "x"}, {"job": "another", "kind": "Finished", "made": 9, "failed": 0, "seconds": 1},
        {"kind": "Generate", "photo": "x", "run_folder": "/"}, {"kind": "Cancel"}, {"kind": "PreviewReady", "target": 0, "stage": "shape", "file": "gone.png"},
        CUTOUT, FINISHED,
    ]  # fmt: skip
    laptop.send(request := laptop.job())
    assert laptop.last(request.job).made == 1
    assert [one.file for one in laptop.heard if isinstance(one, CutoutReady)] == ["00_ball_cutout.png"]
    assert not [one for one in laptop.heard if isinstance(one, PreviewReady)]


def test_lines_without_end_and_silence(odd: OddServer, laptop: Relay) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            handler.close_connection = True

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.2)
        except OSError:
            pass
        handler.close_connection = True

    odd.special[f"/v1/jobs/{JOB}/events"] = endless
    laptop.send(request := laptop.job("endless"))
    assert laptop.last(request.job).code == "machine_answer"
    odd.special.clear()
    odd.files, odd.events = {"a.glb": drip}, [CUTOUT, result("a.glb"), FINISHED]
    laptop.send(request := laptop.job("drip"))
    time.sleep(1.0)
    laptop.cancel(request.job)
    assert isinstance(laptop.last(request.job, 2), Cancelled)
    assert not (Path(request.run_folder) / "a.glb").exists()


def test_an_id_that_is_a_path(odd: OddServer, laptop: Relay) -> None:
    odd.special["/v1/jobs"] = lambda handler: send(handler, b'{"id": "../../v1/other"}', 201)
    laptop.send(request := laptop.job())
    failed = laptop.last(request.job)
    assert isinstance(failed, Failed) and failed.code == "machine_answer"
