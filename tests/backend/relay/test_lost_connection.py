"""Servers, relays and connections that end in the middle of a job: what is finished stays, nothing comes twice, and the artist can always cancel."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay_desk import TOKEN, Relay
from service_desk import Server, until

from img23d_protocol.messages import Arranged, Cancelled, CutoutReady, Failed, Finished, Located, Notice, Ping, Pong, Progress, ResultReady, Shutdown

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, which it may end."""
    folder = tmp_path / "workstation"
    folder.mkdir()
    server = Server(folder, settings={"IMG23D_SERVE_TOKEN": TOKEN, "IMG23D_SERVE_STOP_SECONDS": "0"}, token=TOKEN).start().ready()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def laptop(own: Server, tmp_path: Path) -> Iterator[Relay]:
    with Relay(tmp_path / "laptop", f"http://127.0.0.1:{own.port}", token=TOKEN) as one:
        yield one


def once_each(relay: Relay, job: str) -> None:
    """Nothing that makes something in the scene is said twice."""
    said = [message for message in relay.about(job) if not isinstance(message, Progress | Notice | Arranged)]
    named = [(type(one), getattr(one, "target", -1), str(getattr(one, "files", getattr(one, "file", "")))) for one in said]
    assert max(Counter(named).values()) == 1, Counter(named)


@pytest.mark.parametrize("is_killed", [True, False])
def test_a_server_that_ends_in_the_middle_and_starts_again(own: Server, laptop: Relay, *, is_killed: bool) -> None:
    (own.folder / "wait").touch()
    request = laptop.job()
    laptop.send(request)
    laptop.until_kind(CutoutReady)
    own.kill() if is_killed else own.stop()
    assert "connection" in laptop.until_kind(Notice).sentence
    assert laptop.until(lambda one: isinstance(one, Progress) and one.note).note
    laptop.send(Ping())
    laptop.until_kind(Pong, 2)
    (own.folder / "wait").unlink()
    own.start()
    last = laptop.last(request.job)
    assert isinstance(last, Finished) and last.made == 2
    once_each(laptop, request.job)
    said = laptop.about(request.job)
    assert sum(isinstance(one, Located) for one in said) == 1 and sum(isinstance(one, ResultReady) for one in said) == 4
    assert [one.sentence for one in said if isinstance(one, Notice)][1].startswith("The server was started again")
    for one in said:
        if isinstance(one, ResultReady):
            assert (Path(request.run_folder) / one.files[0]).read_bytes()[:4] == b"glTF"


def test_a_server_that_has_lost_everything_does_it_again(own: Server, laptop: Relay, tmp_path: Path) -> None:
    import shutil

    (own.folder / "wait").touch()
    request = laptop.job()
    laptop.send(request)
    laptop.until_kind(CutoutReady)
    own.kill()
    shutil.rmtree(own.folder / "data")
    (own.folder / "wait").unlink()
    own.start()
    assert laptop.last(request.job).made == 2
    once_each(laptop, request.job)
    assert any("forgotten" in one.sentence for one in laptop.heard if isinstance(one, Notice))


def test_a_target_that_was_cancelled_meanwhile_stays_so(own: Server, laptop: Relay) -> None:
    (own.folder / "wait").touch()
    request = laptop.job()
    laptop.send(request)
    laptop.until_kind(CutoutReady)
    own.kill()
    laptop.until_kind(Notice)
    laptop.cancel(request.job, 0)
    own.start()
    laptop.until(lambda one: isinstance(one, Notice) and "started again" in one.sentence)
    (own.folder / "wait").unlink()
    assert isinstance(laptop.last(request.job), Finished)
    assert not [one for one in laptop.heard if isinstance(one, ResultReady) and one.target == 0]


def test_cancel_while_nobody_answers(own: Server, laptop: Relay) -> None:
    (own.folder / "wait").touch()
    request = laptop.job()
    laptop.send(request)
    laptop.until_kind(CutoutReady)
    own.kill()
    laptop.until_kind(Notice)
    laptop.cancel(request.job)
    assert isinstance(laptop.last(request.job, 2), Cancelled)
    own.start()
    until(lambda: not own.get("/v1/jobs").json["jobs"], 20)  # told as soon as it was there again
    (own.folder / "wait").unlink()


def test_a_machine_that_is_not_there_is_said_in_time(tmp_path: Path) -> None:
    with Relay(tmp_path / "laptop", "http://127.0.0.1:9") as relay:
        started = time.monotonic()
        relay.hello()
        assert "cannot be reached" in relay.until_kind(Notice).sentence and time.monotonic() - started < 10
        request = relay.job()
        relay.send(request)
        failed = relay.last(request.job, 30)
        assert isinstance(failed, Failed) and failed.code == "machine_unreachable" and "127.0.0.1" not in failed.sentence


def test_a_blender_that_closes_cancels_its_job(own: Server, laptop: Relay) -> None:
    (own.folder / "wait").touch()
    first = laptop.job()
    laptop.send(first)
    laptop.until_kind(CutoutReady)
    laptop.send(Shutdown())
    assert laptop.process.wait(5) == 0
    until(lambda: not own.get("/v1/jobs").json["jobs"])
    (own.folder / "wait").unlink()
    with Relay(laptop.folder / "second", f"http://127.0.0.1:{own.port}", token=TOKEN) as second:
        request = second.job()
        second.send(request)
        second.until_kind(CutoutReady)
    until(lambda: not own.get("/v1/jobs").json["jobs"])


def test_a_killed_relay_leaves_whole_files_only(own: Server, laptop: Relay) -> None:
    request = laptop.job()
    laptop.send(request)
    laptop.until_kind(ResultReady)
    os.kill(laptop.process.pid, KILL)
    laptop.process.wait(5)
    announced = [one.files[0] for one in laptop.heard if isinstance(one, ResultReady)]
    folder = Path(request.run_folder)
    there = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}
    assert set(announced) <= set(there)
    job = own.get("/v1/jobs").json["jobs"][0]["id"]
    own.finished(job)  # it goes on there
    for name, data in there.items():
        if name.endswith(".glb"):
            assert data[:4] == b"glTF" and int.from_bytes(data[8:12], "little") == len(data)
    assert own.get(f"/v1/jobs/{job}").json["state"] == "finished"
