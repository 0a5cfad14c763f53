"""kill -9 of the server, its worker and its client: what was finished stays, the rest is done again, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from service_desk import Server, picture, until

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def test_a_killed_server_goes_on_where_it_was(tmp_path: Path) -> None:
    server = Server(tmp_path).start().ready()
    done = server.begin()
    before = server.finished(done)
    files = {one["name"]: one["bytes"] for one in server.get(f"/v1/jobs/{done}/files").json["files"]}
    (tmp_path / "wait").touch()
    running, waiting = server.begin(), server.begin()
    until(lambda: server.get(f"/v1/jobs/{running}/events", Accept="application/json").json["events"][-1:] and _kinds(server, running)["CutoutReady"])
    seen = server.get(f"/v1/jobs/{running}/events", Accept="application/json").json["events"]
    busy = server.post("/v1/jobs", {}, {"photo": ("x.png", picture())}, Idempotency_Key="lost answer").json["id"]
    passing = subprocess.Popen(
        [sys.executable, "-c", f"import socket\ns = socket.create_connection(('127.0.0.1', {server.port}))\ns.sendall({_generate()!r})\ns.recv(1)"]
    )
    until(lambda: server.get("/v1/status").json["queue"]["waiting"] == 3 and len(list((tmp_path / "data" / "jobs").iterdir())) == 5)
    pid = server.get("/v1/status").json["hello"]["pid"]
    server.kill()
    passing.kill()
    passing.wait()
    until(lambda: not Path(f"/proc/{pid}/stat").exists() or sys.platform != "linux")
    (tmp_path / "wait").unlink()
    with open(tmp_path / "data" / "jobs" / running / "events.jsonl", "ab") as file:
        file.write(b'{"kind": "Resu')  # cut off in the middle of a line

    server.start()
    assert server.finished(done) == [message for message in before if message["kind"] != "Progress"]
    assert {one["name"]: one["bytes"] for one in server.get(f"/v1/jobs/{done}/files").json["files"]} == files
    again = list(server.events(running, after=seen[-1]["id"]))
    assert again[-1][1]["kind"] == "Finished" and again[0][0] >= seen[-1]["id"]
    assert server.get(f"/v1/jobs/{running}/events", Accept="application/json").json["events"][: len(seen)] == seen
    for job in (running, waiting, busy):
        kinds = Counter(message["kind"] for message in server.finished(job))
        assert kinds["Finished"] == kinds["Located"] == kinds["CutoutReady"] == 1 and kinds["ResultReady"] == 2
    assert server.post("/v1/jobs", {}, {"photo": ("x.png", picture())}, Idempotency_Key="lost answer").json["id"] == busy
    assert len(server.get("/v1/jobs").json["jobs"]) == len(list((tmp_path / "data" / "jobs").iterdir())) == 4  # none of what died with its client
    server.stop()


def test_a_killed_worker_is_not_noticed_but_by_a_notice(server: Server, held) -> None:
    job = server.begin()
    until(lambda: _kinds(server, job)["CutoutReady"])
    os.kill(server.get("/v1/status").json["hello"]["pid"], KILL)
    until(lambda: _kinds(server, job)["Notice"])
    held.unlink()
    kinds = Counter(message["kind"] for message in server.finished(job))
    assert kinds["Notice"] == kinds["Finished"] == kinds["CutoutReady"] == 1


def test_a_stop_lets_running_jobs_end_and_begins_no_others(tmp_path: Path) -> None:
    server = Server(tmp_path).start().ready()
    (tmp_path / "wait").touch()
    running, waiting = server.begin(), server.begin()
    until(lambda: _kinds(server, running)["CutoutReady"])
    server.process.terminate()
    time.sleep(0.3)
    assert server.process.poll() is None
    (tmp_path / "wait").unlink()
    assert server.process.wait(30) == 0
    server.process.stdout.close()
    server.start()
    assert server.get(f"/v1/jobs/{running}").json["state"] == "finished"
    assert server.finished(waiting)[-1]["made"] == 1
    server.stop()


def test_files_are_kept_for_their_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from worker_desk import made_pool

    from img23d_backend.service.desk import JobDesk
    from img23d_backend.service.wishes import read_message
    from img23d_protocol import encode
    from img23d_protocol.messages import Generate

    async def live() -> None:
        pool = made_pool(tmp_path)
        pool.start()
        desk = JobDesk(pool, tmp_path, queue=1, keep_seconds=0.2)
        desk.open()
        with desk.new_folder() as folder:
            path = folder.place_for(0, "ball.png")
            path.write_bytes(picture())
            job = desk.accept(folder, read_message(encode(Generate(job="", photo=str(path), run_folder=""))))
        await desk.ended(job)
        desk.sweep()
        assert desk.job(job.id) is job and job.folder.results()
        await asyncio.sleep(0.25)
        desk.sweep()
        assert desk.job(job.id) is None and not job.folder.path.exists()
        pool.close()

    asyncio.run(live())


def test_two_servers_on_one_folder_are_refused(server: Server, tmp_path: Path) -> None:
    from service_desk import PATHS

    command = [sys.executable, "-s", "-m", "img23d_backend", "serve", "--port", "0", "--data", str(server.folder / "data")]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": PATHS}, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "Another server" in done.stderr


def _kinds(server: Server, job: str) -> Counter[str]:
    events = server.get(f"/v1/jobs/{job}/events", Accept="application/json").json["events"]
    return Counter(one["message"]["kind"] for one in events)


def _generate() -> bytes:
    from service_desk import multipart

    kind, body = multipart({}, {"prompt_image_file": ("prompt.jpg", picture())})
    return f"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
