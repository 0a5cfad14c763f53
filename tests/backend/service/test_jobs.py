"""The job API: the contract's messages over HTTP, cancelled, followed again, fetched by name."""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path

import pytest
from service_desk import Server, in_threads, picture, until

from img23d_protocol import PROTOCOL_VERSION, encode
from img23d_protocol.messages import Box, Generate, Locate, Paint, Shutdown, Side, SidePhoto, Wanted

TWO = tuple(Wanted(name=name, box=Box(left=0.0, top=0.0, right=1.0, bottom=1.0)) for name in ("ball", "disc"))


def two_things(**changes) -> str:
    return encode(Generate(job="mine", photo="ball.png", run_folder="/anywhere", wanted=TWO, seed=3, **changes))


def begin(server: Server, message: str, **headers: str):
    return server.post("/v1/jobs", {"message": message}, {"a": ("ball.png", picture())}, **headers)


def state(server: Server, job: str) -> str:
    return server.get(f"/v1/jobs/{job}").json["state"]


def test_a_message_becomes_events_and_files(server: Server) -> None:
    answer = begin(server, two_things())
    assert answer.status == 201 and answer.headers["location"] == f"/v1/jobs/{answer.json['id']}"
    job = answer.json["id"]
    said = server.finished(job)
    assert {message.get("job") for message in said} == {job} and said[0]["kind"] == "Accepted"
    assert (said[-1]["kind"], said[-1]["made"]) == ("Finished", 2)
    painted = {message["target"]: message["files"][0] for message in said if message["kind"] == "ResultReady"}
    listed = {one["name"]: one["bytes"] for one in server.get(f"/v1/jobs/{job}/files").json["files"]}
    for name in painted.values():
        file = server.get(f"/v1/jobs/{job}/files/{name}")
        assert file.body[:4] == b"glTF" and listed[name] == len(file.body) and file.headers["content-type"] == "model/gltf-binary"
    half = server.get(f"/v1/jobs/{job}/files/{painted[0]}", Range="bytes=0-3")
    assert (half.status, half.body) == (206, b"glTF")
    assert server.request("DELETE", f"/v1/jobs/{job}").status == 204
    assert server.get(f"/v1/jobs/{job}").status == 404


def test_events_go_on_from_a_number(server: Server) -> None:
    job = server.begin()
    whole = [(number, message) for number, message in server.events(job) if message["kind"] != "Progress"]
    assert [number for number, _ in whole] == list(range(1, len(whole) + 1))
    assert list(server.events(job, after=3)) == whole[3:]
    assert list(server.events(job, after=len(whole))) == []
    now = server.get(f"/v1/jobs/{job}/events?after=2", Accept="application/json").json
    assert now["state"] == "finished" and [(one["id"], one["message"]) for one in now["events"]] == whole[2:]
    by_header = server.request("GET", f"/v1/jobs/{job}/events", headers={"Last-Event-ID": str(len(whole) - 1)}).body.decode()
    assert f"id: {len(whole)}\n" in by_header and f"id: {len(whole) - 1}\n" not in by_header
    assert server.get(f"/v1/jobs/{job}/events?after=x").status == 400


def test_a_connection_that_is_lost_costs_nothing(server: Server, held) -> None:
    job = server.begin()
    seen = []
    for number, message in server.events(job):
        seen.append((number, message))
        if message["kind"] == "CutoutReady":
            break  # the connection is closed in the middle
    assert state(server, job) == "running"
    held.unlink()
    rest = list(server.events(job, after=seen[-1][0]))
    assert rest[-1][1]["kind"] == "Finished" and rest[0][0] >= seen[-1][0]
    kinds = [message["kind"] for _, message in seen + rest]
    assert kinds.count("Located") == kinds.count("Finished") == 1


def test_the_same_key_is_the_same_job(server: Server) -> None:
    answers = in_threads(4, lambda number: begin(server, two_things(), Idempotency_Key="run 1"))
    assert len({answer.json["id"] for answer in answers}) == 1 and {answer.status for answer in answers} <= {200, 201}
    again = begin(server, two_things(), Idempotency_Key="run 1")
    assert (again.status, again.json["id"]) == (200, answers[0].json["id"])
    assert server.finished(again.json["id"])[-1]["made"] == 2


def test_a_job_and_one_of_its_things_are_cancelled(server: Server, held) -> None:
    first, second = (begin(server, two_things()).json["id"] for _ in range(2))
    until(lambda: state(server, first) == "running")
    assert server.get(f"/v1/jobs/{second}").json["position"] == 0
    assert server.post(f"/v1/jobs/{second}/targets/0/cancel").status == 409  # nothing has a number yet
    assert server.post(f"/v1/jobs/{first}/targets/1/cancel").status == 202
    assert server.post(f"/v1/jobs/{second}/cancel").status == 202
    assert [message["kind"] for message in server.finished(second)] == ["Cancelled"]
    held.unlink()
    said = server.finished(first)
    assert [message["target"] for message in said if message["kind"] == "TargetCancelled"] == [1] and said[-1]["made"] == 1
    assert server.post(f"/v1/jobs/{first}/cancel").status == 409


def test_a_full_queue_is_429_with_a_time(server: Server, held) -> None:
    jobs = []
    while (answer := begin(server, two_things())).status == 201:
        jobs.append(answer.json["id"])
    assert answer.status == 429 and 1 <= int(answer.headers["retry-after"]) <= 600 and answer.json["code"] == "queue_full"
    assert 8 <= len(jobs) <= 9  # one that runs, eight that wait
    busy = server.post("/generate", {}, {"prompt_image_file": ("prompt.jpg", picture())})
    assert busy.status == 429
    for job in jobs[1:]:
        assert server.request("DELETE", f"/v1/jobs/{job}").status == 204
    held.unlink()
    assert server.finished(jobs[0])[-1]["made"] == 2


def test_a_client_that_leaves_cancels_its_generate(server: Server, held) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    from service_desk import multipart

    kind, body = multipart({}, {"prompt_image_file": ("prompt.jpg", picture())})
    connection.request("POST", "/generate", body=body, headers={"Content-Type": kind})
    until(lambda: any(worker["state"] == "busy" for worker in server.get("/v1/status").json["workers"]))
    connection.close()
    held.unlink()
    until(lambda: all(worker["state"] == "idle" for worker in server.get("/v1/status").json["workers"]))
    until(
        lambda: (
            not [
                path
                for path in (server.folder / "data" / "jobs").iterdir()
                if not (path / "request.json").exists() or '"passing": true' in (path / "request.json").read_text()
            ]
        )
    )


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("{", "not JSON"),
        (encode(Shutdown()), "no job"),
        (encode(Generate(job="x", photo="other.png", run_folder="")), "did not come"),
        (encode(Generate(job="x", photo="/etc/passwd", run_folder="")), "did not come"),
        (encode(Paint(job="x", mesh="../../request.json", picture="ball.png", run_folder="")), "did not come"),
        (
            encode(Locate(job="x", photo="ball.png", wanted=(Wanted(name="a", sides=(SidePhoto(side=Side.BACK, photo="/etc/hostname"),)),))),
            "did not come",
        ),
    ],
)
def test_messages_that_are_refused(server: Server, message: str, said: str) -> None:
    answer = begin(server, message)
    assert answer.status == 400 and said in answer.json["detail"], answer.body


def beside_jobs(folder: Path) -> set[Path]:
    """What lies in the server's folder; the jobs, which come and go meanwhile, are not looked into."""
    found = set()
    for place, folders, files in os.walk(folder):
        found |= {Path(place, name) for name in (*folders, *files)}
        folders[:] = [name for name in folders if name != "jobs"]
    return found


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "..\\..\\boot.ini", "/etc/passwd", "a\0b.png", "con.png", "x" * 300 + ".png", "%2e%2e%2f.png", ".", ""]
)
def test_names_of_uploads_lead_nowhere(server: Server, name: str) -> None:
    before = beside_jobs(server.folder)
    message = json.dumps({"kind": "Locate", "job": "x", "photo": name or "photo"})
    answer = server.post("/v1/jobs", {"message": message}, {"photo": (name, picture())})
    assert answer.status in (201, 400), answer.body
    if answer.status == 201:
        folder = server.folder / "data" / "jobs" / answer.json["id"]
        assert all(path.parent == folder / "in" / "0" for path in (folder / "in").rglob("*") if path.is_file())
        server.request("DELETE", f"/v1/jobs/{answer.json['id']}")
    assert beside_jobs(server.folder) == before


@pytest.mark.parametrize(
    "name",
    ["..", "../request.json", "%2e%2e/request.json", "..%2frequest.json", "%2e%2e%2f%2e%2e%2flock", "/etc/passwd", "%00", "..%5crequest.json", ".hidden"],
)
def test_names_of_files_lead_nowhere(server: Server, name: str) -> None:
    job = server.begin()
    server.finished(job)
    answer = server.get(f"/v1/jobs/{job}/files/{name}")
    assert answer.status in (404, 405) and b"root:" not in answer.body and b"passing" not in answer.body
    for path in (f"/page/{name}", f"/v1/jobs/{name}", f"/v1/jobs/{name}/files/x"):
        assert server.get(path).status in (404, 405), path


def test_status_tells_engines_workers_and_paces(server: Server) -> None:
    server.finished(server.begin())
    status = server.get("/v1/status").json
    assert status["protocol"] == PROTOCOL_VERSION and status["hello"]["kind"] == "Hello"
    assert "preview" in [engine["id"] for engine in status["hello"]["engines"] if engine["ready"]]
    until(lambda: server.get("/v1/status").json["status"] is not None)
    assert [weights["folder"] for weights in server.get("/v1/status").json["status"]["weights"] if weights["folder"]] == []
    assert [pace["engine"] for pace in status["forecasts"]] == ["preview"] and status["forecasts"][0]["seconds"] > 0
    assert status["queue"]["limit"] == 8 and [worker["state"] for worker in status["workers"]] == ["idle"]
    options = {one["key"]: one for one in server.get("/v1/options").json["options"]}
    assert options["oversampling"]["engines"] == ["trellis"] and options["texture_size"]["choices"] == ["1024", "2048", "4096"]
