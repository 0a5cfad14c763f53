"""The HTTP server whose work is done by a cluster, and the one that is an application of Ray Serve: machines and the server's own process are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from raylets import PATHS, add_machine, kill_machine
from service_desk import Server, picture
from worker_desk import until

pytest.importorskip("ray", reason="Ray is in an environment of its own: build_addon.py test --cluster")

TOKEN = "a-token-of-the-tests"
# `img23d serve` whose workers on the machines of a cluster are the small engine's; "apart" they do not find the mark, as where no disk is shared
PROGRAM = """
import sys
from pathlib import Path
from img23d_backend.cluster import remote_backend
from host_desk import SmallRecipes
folder = sys.argv.pop(1)
remote_backend.OwnRecipe = lambda python, models: SmallRecipes(folder=folder)
if Path(folder, "apart").exists():
    class Lost(remote_backend.Mark):
        def __init__(self, folder):
            super().__init__(folder)
            self.remove()
    remote_backend.Mark = Lost
from img23d_backend.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def server(cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Not started; two workers."""
    monkeypatch.setattr("service_desk.PROGRAM", PROGRAM)
    settings = {"PYTHONPATH": os.pathsep.join(PATHS), "IMG23D_SERVE_TOKEN": TOKEN, "IMG23D_SERVE_QUEUE": "2", "IMG23D_SERVE_MAX_BYTES": "200000"}
    made = Server(tmp_path, arguments=("--ray", cluster.address, "--workers", "2"), settings=settings, token=TOKEN)
    yield made
    with contextlib.suppress(AttributeError):  # it was not started
        assert made.stop() == 0, (tmp_path / "server.log").read_text(encoding="utf-8", errors="replace")[-3000:]


def machine_of(cluster, server: Server, job: str) -> str:
    """Ray's name of the machine that does a job; empty while none does."""
    place = next((one["place"] for one in server.get("/v1/status").json["workers"] if one["job"] == job), "")
    short = place.rpartition(" ")[2]
    return next((node.node_id for node in cluster.list_all_nodes() if place and node.node_id.startswith(short)), "")


def test_jobs_run_on_several_machines_and_a_lost_one_costs_none(cluster, server: Server) -> None:
    server.start().ready()
    until(lambda: [one["state"] for one in server.get("/v1/status").json["workers"]] == ["idle", "idle"], 60)
    (server.folder / "wait").touch()
    first, second = (server.begin() for _ in range(2))
    until(lambda: machine_of(cluster, server, first) and machine_of(cluster, server, second), 60)
    lost = machine_of(cluster, server, first)
    assert lost != machine_of(cluster, server, second)
    heard: list[dict] = []
    ear = threading.Thread(target=lambda: heard.extend(message for _, message in server.events(first)))
    ear.start()
    kill_machine(cluster, lost)
    add_machine(cluster)
    until(lambda: any("begins again" in message.get("sentence", "") for message in heard), 60)  # it is told as it happens
    (server.folder / "wait").unlink()
    assert server.finished(second)[-1]["kind"] == "Finished"
    ear.join(60)
    assert [message["kind"] for message in heard if message["kind"] in ("Finished", "Failed", "Cancelled")] == ["Finished"]
    for job in (first, second):
        (ready,) = [message for message in server.finished(job) if message["kind"] == "ResultReady"][-1:]
        assert server.get(f"/v1/jobs/{job}/files/{ready['files'][0]}").body[:4] == b"glTF"


def test_the_limits_hold_before_a_cluster(cluster, server: Server) -> None:
    server.start().ready()
    until(lambda: [one["state"] for one in server.get("/v1/status").json["workers"]] == ["idle", "idle"], 60)
    (server.folder / "wait").touch()
    jobs = [server.begin() for _ in range(2)]
    until(lambda: all(machine_of(cluster, server, job) for job in jobs), 30)
    waiting = [server.begin() for _ in range(2)]
    full = server.post("/v1/jobs", {}, {"photo": ("ball.png", picture())})
    assert full.status == 429 and int(full.headers["retry-after"]) > 0
    assert server.post(f"/v1/jobs/{waiting[0]}/cancel").status == 202
    assert server.finished(waiting[0])[-1]["kind"] == "Cancelled"
    assert server.post(f"/v1/jobs/{jobs[0]}/cancel").status == 202  # it is being done on another machine
    (server.folder / "wait").unlink()
    assert [server.finished(job)[-1]["kind"] for job in (jobs[0], jobs[1], waiting[1])] == ["Cancelled", "Finished", "Finished"]
    assert server.post("/generate", {}, {"prompt_image_file": ("a.png", b"x" * 300_000)}).status == 413
    server.token = ""
    assert server.get("/v1/jobs").status == server.get(f"/v1/jobs/{jobs[1]}/files/00_ball.glb").status == 401
    server.token = TOKEN


def test_files_are_fetched_from_a_machine_that_shares_no_disk(server: Server) -> None:
    (server.folder / "apart").touch()
    server.start().ready()
    job = server.begin()
    said = server.finished(job)
    assert said[-1]["kind"] == "Finished", said[-1]
    names = [name for message in said if message["kind"] == "ResultReady" for name in message["files"]]
    for name in names:
        assert len(server.get(f"/v1/jobs/{job}/files/{name}").body) > 500
    answer = server.post("/generate", {"result": "mesh"}, {"prompt_image_file": ("ball.png", picture())})
    assert answer.status == 200 and answer.body[:4] == b"glTF"


def test_a_cluster_that_is_not_there_is_one_sentence(server: Server) -> None:
    server.arguments = ("--ray", "127.0.0.1:1")
    with pytest.raises(AssertionError):  # the server ends without a word of where it listens
        server.start()
    assert "There is no Ray cluster at" in (server.folder / "server.log").read_text(encoding="utf-8")
    server.process.wait(30)
    del server.process


@pytest.fixture
def deployed(cluster, tmp_path: Path) -> Iterator[Server]:
    """The application on the cluster, reached through Serve's proxy."""
    from ray import serve

    from img23d_backend.cluster.deployment import application

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve.start(http_options={"host": "127.0.0.1", "port": port}, proxy_location="HeadOnly")
    serve.run(application({"engine": "preview", "data": str(tmp_path), "workers": "2", "token": TOKEN}))
    yield Server(tmp_path, port=port, token=TOKEN).ready()
    serve.shutdown()


def replica() -> int:
    """The process that answers."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"ServeReplica:default:img23d" in (folder / "cmdline").read_bytes():
                return int(folder.name)
    return 0


@pytest.mark.filterwarnings("ignore:Using extra keyword")  # Ray's own
def test_the_application_of_serve_goes_on_when_its_replica_is_killed(deployed: Server) -> None:
    answer = deployed.post("/generate", {"result": "mesh"}, {"prompt_image_file": ("ball.png", picture())})
    assert answer.status == 200 and answer.body[:4] == b"glTF"
    assert len({one["place"].rpartition(" ")[2] for one in deployed.get("/v1/status").json["workers"]}) == 2
    jobs = [deployed.begin(names="ball") for _ in range(4)]
    assert deployed.finished(jobs[0])[-1]["kind"] == "Finished"
    made = {path: path.stat().st_mtime_ns for path in (deployed.folder / "jobs" / jobs[0] / "run").iterdir()}
    killed = replica()
    os.kill(killed, signal.SIGKILL)
    until(lambda: replica() not in (0, killed) and deployed.get("/health").status == 200, 60)
    assert [deployed.finished(job)[-1]["kind"] for job in jobs] == ["Finished"] * 4
    assert {path: path.stat().st_mtime_ns for path in made} == made  # not made twice
    for job in jobs:
        assert deployed.get(f"/v1/jobs/{job}/files/00_ball.glb").body[:4] == b"glTF"
    deployed.token = "another-token"
    assert deployed.get("/v1/jobs").status == 401
