"""Another machine that does the work: the preferences, the token's file, and photos that become objects through the relay and a real server."""

from __future__ import annotations

import os
import re
import secrets
import stat
import subprocess
import time
from pathlib import Path

import bpy
import pytest
from conftest import PACKAGE, part
from test_generate import generate

PYTHON = os.environ.get("IMG23D_SERVER_PYTHON", "")
ROOT = Path(__file__).resolve().parents[3]
TOKEN = "tok-of-blender-8c1d57"
WITH_SERVER = pytest.mark.skipif(not PYTHON, reason="IMG23D_SERVER_PYTHON names no Python with the packages of the extra serve")


class Server:
    """`img23d serve` with the preview engine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.start()

    def start(self) -> None:
        paths = os.pathsep.join(map(str, (ROOT / "backend", ROOT / "blender_img23d" / "shared")))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("IMG23D", "PYTHON"))}
        variables = {**inherited, "PYTHONPATH": paths, "IMG23D_SERVE_TOKEN": TOKEN, "IMG23D_SERVE_DATA": str(self.folder), "IMG23D_SERVE_STOP_SECONDS": "0"}
        command = [PYTHON, "-s", "-m", "img23d_backend", "serve", "--port", str(self.port), "--engine", "preview", "--env", str(self.folder / "none")]
        self.process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, cwd=self.folder, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip())[1])

    def end(self, *, is_killed: bool = False) -> None:
        self.process.kill() if is_killed else self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("workstation"))
    yield running
    running.end()


@pytest.fixture
def preferences(owner):
    values = bpy.context.preferences.addons[PACKAGE].preferences
    yield values
    values.machine = ""
    owner.machines.close()
    owner.machines.step(owner)
    for machine in list(values.machines):
        machine.token = ""
    values.machines.clear()
    owner.tested.clear()


def add(preferences, address: str, token: str = TOKEN):
    assert bpy.ops.img23d.add_machine() == {"FINISHED"}
    machine = preferences.chosen_machine
    machine.name, machine.address, machine.token = "Workstation", address, token
    return machine


@pytest.fixture
def workstation(preferences, owner, server, own_backend):
    add(preferences, f"localhost:{server.port}")
    owner.machines.step(owner)
    return preferences.chosen_machine


def tick_until(owner, condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        owner.pump.tick()
        time.sleep(0.02)


def tokens(preferences) -> list[Path]:
    folder = Path(bpy.utils.extension_path_user(PACKAGE, path="machines"))
    return sorted(folder.glob("*.token")) if folder.is_dir() else []


def test_the_token_is_in_a_file_of_its_own_only(preferences, owner, tmp_path):
    secret = f"tok-{secrets.token_hex(8)}"
    machine = add(preferences, "workstation:10006", secret)
    (path,) = tokens(preferences)
    assert path.read_text().strip() == secret and machine.token == secret
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert type(machine).bl_rna.properties["token"].subtype == "PASSWORD"
    bpy.ops.wm.save_userpref()
    saved = Path(bpy.utils.user_resource("CONFIG")) / "userpref.blend"
    blend = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=False)
    assert secret.encode() not in blend.read_bytes()
    data = saved.read_bytes()
    data = unpacked(data) if data[:4] == b"\x28\xb5\x2f\xfd" else data  # RFC 8878
    assert b"workstation:10006" in data and secret.encode() not in data
    assert secret not in part("app.report").report_text(owner, None)
    assert bpy.ops.img23d.remove_machine(machine=machine.key) == {"FINISHED"}
    assert not tokens(preferences) and preferences.machine == "" and not preferences.machines


def unpacked(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


@pytest.mark.parametrize(
    ("address", "is_usable"),
    [("workstation", True), ("10.0.0.5:10006", True), ("https://render.example", True), ("[::1]:10006", True), ("user:word@host", False)]
    + [("ftp://host", False), ("http://host/path", False), ("host:port", False), ("a b", False), ("", False), ("host:99999", False)],
)
def test_addresses(address, is_usable):
    read = part("shared.img23d_protocol.machines.address").read_address
    if is_usable:
        assert read(address).host
    else:
        with pytest.raises(part("shared.img23d_protocol").Img23DError):
            read(address)


def test_the_network_is_asked_for_only_where_something_leaves_this_machine(preferences, owner, own_backend):
    assert not bpy.app.online_access
    machine = add(preferences, "192.0.2.1:10006")
    with pytest.raises(part("shared.img23d_protocol").Img23DError) as refused:
        part("app.machines").reach(machine.key)
    assert refused.value.code == "offline"
    owner.machines.step(owner)
    with pytest.raises(part("shared.img23d_protocol").Img23DError):
        owner.session.inspect()
    machine.address = "localhost:10006"
    assert part("app.machines").reach(machine.key).address.is_loopback


def test_what_was_said_of_a_half_typed_address_does_not_stay(preferences, owner, own_backend):
    bpy.ops.img23d.add_machine()
    owner.machines.step(owner)
    assert "cannot be read" in owner.session.notice and not owner.refusal
    preferences.chosen_machine.address = "localhost:9"
    owner.machines.step(owner)
    assert not owner.session.notice and not owner.refusal


def test_a_machine_that_is_not_there_is_one_sentence(preferences, owner, own_backend):
    machine = add(preferences, "localhost:9")
    assert bpy.ops.img23d.test_machine(machine=machine.key) == {"FINISHED"}
    tested = owner.tested[machine.key]
    assert tested.is_over and not tested.is_good and "cannot be reached" in tested.sentence


@WITH_SERVER
def test_the_connection_is_tested(workstation, owner):
    tick_until(owner, lambda: bpy.ops.img23d.test_machine(machine=workstation.key) and owner.tested[workstation.key].is_good)
    assert "Preview" in owner.tested[workstation.key].sentence
    workstation.token = "tok-wrong-000000"
    assert workstation.key not in owner.tested
    bpy.ops.img23d.test_machine(machine=workstation.key)
    assert not owner.tested[workstation.key].is_good and "token" in owner.tested[workstation.key].sentence


@WITH_SERVER
def test_find_and_generate_there(workstation, values, owner, photo):
    values.layout = "ROW"
    made = generate(values, photo, "red ball, blue ball")
    assert sorted(obj.name for obj in made) == ["blue ball", "red ball"]
    assert all(obj.data.materials[0].node_tree.nodes for obj in made)
    job = owner.session.jobs[0]
    assert job.machine == workstation.key and owner.session._backend._link._command.count("relay") == 1
    assert TOKEN not in " ".join(owner.session._backend._link._command)
    folder = Path(job.request.run_folder)
    past = part("core.runs.history").read_run(folder)
    assert past is not None and past.making.photo == str(photo) and len(past.targets) == 2
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    tick_until(owner, lambda: owner.session.active is None)
    assert len(values.targets) == 2
    logs = Path(bpy.utils.extension_path_user(PACKAGE, path="logs"))
    assert all(TOKEN not in path.read_text(errors="replace") for path in logs.rglob("*.log"))
    assert TOKEN not in part("app.report").report_text(owner, job)


@WITH_SERVER
def test_what_it_has_is_shown_as_if_it_were_here(workstation, owner, values):
    owner.session.inspect()
    tick_until(owner, lambda: owner.session.devices and owner.session.weights)
    assert [one.id for one in owner.session.engines if one.ready][0] == "preview"
    assert owner.surroundings.read().state == "elsewhere"
    assert not bpy.ops.img23d.setup.poll() and not bpy.ops.img23d.download_weights.poll() and bpy.ops.img23d.refresh_models.poll()
    assert bpy.ops.img23d.doctor() == {"FINISHED"}
    assert any("works" in finding.sentence for finding in owner.checkup.findings)
    assert bpy.ops.img23d.choose_machine(machine="") == {"FINISHED"}
    assert owner.session.machine == "" and bpy.ops.img23d.setup.poll()


@WITH_SERVER
def test_a_server_that_is_killed_in_the_middle(workstation, values, owner, photo, server, as_with_a_window):
    values.photo, values.names, values.seed, values.layout = str(photo), "red ball, green box, blue ball", 7, "ROW"
    bpy.ops.img23d.generate()
    tick_until(owner, lambda: owner.session.active is not None and any(target.cutout for target in owner.session.active.targets))
    server.end(is_killed=True)
    tick_until(owner, lambda: owner.session.active is None or any("connection" in note for note in owner.session.active.notes))
    assert owner.session.active is not None, "it was too quick"
    server.start()
    tick_until(owner, lambda: owner.session.active is None and not owner.pump.is_busy)
    assert owner.session.jobs[0].state == "done"
    assert sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH") == ["blue ball", "green box", "red ball"]
