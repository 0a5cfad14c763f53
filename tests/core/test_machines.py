"""Other machines: tokens in files of their own, addresses, and a session that moves from one machine to another."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from fake_link import HELLO, Rig, finished, located, make_request

from blender_img23d.core.machines import machine_of, new_key, read_token, token_path, write_token
from blender_img23d.core.session.session import SessionState
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.machines.address import read_address
from blender_img23d.shared.img23d_protocol.messages import DeviceInfo, EnginePace, Status


def test_a_token_is_its_owners_alone(tmp_path: Path) -> None:
    folder, key = tmp_path / "machines", new_key()
    write_token(folder, key, " tok-1234 \n")
    assert read_token(folder, key) == "tok-1234" and os.listdir(folder) == [f"{key}.token"]
    assert os.name == "nt" or (stat.S_IMODE((folder / f"{key}.token").stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    write_token(folder, key, "")
    assert read_token(folder, key) == "" and not os.listdir(folder)


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "a" * 15, "g" * 16, "0123456789abcde/"])
def test_a_key_that_is_none_names_no_file(tmp_path: Path, key: str) -> None:
    with pytest.raises(Img23DError):
        token_path(tmp_path, key)
    with pytest.raises(Img23DError):
        write_token(tmp_path, key, "tok")
    assert read_token(tmp_path, key) == "" and not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "told", "is_loopback", "is_readable"),
    [
        ("workstation", "http://workstation:10006", False, True),
        (" https://Render.example ", "https://render.example:10006", False, False),
        ("127.0.0.5:80", "http://127.0.0.5:80", True, False),
        ("localhost", "http://localhost:10006", True, False),
        ("localhost.evil.example", "http://localhost.evil.example:10006", False, True),
        ("[::1]:9", "http://[::1]:9", True, False),
    ],
)
def test_an_address_says_who_can_read_along(text: str, told: str, *, is_loopback: bool, is_readable: bool) -> None:
    address = read_address(text)
    assert (str(address), address.is_loopback, address.is_readable) == (told, is_loopback, is_readable)


def test_a_machine_knows_where_its_token_is(tmp_path: Path) -> None:
    key = new_key()
    machine = machine_of(name="W", address="w:1", key=key, certificate=" ", folder=tmp_path)
    assert machine.token_file == tmp_path / f"{key}.token" and machine.certificate is None and machine.address.port == 1


def test_a_session_that_moves_forgets_what_it_knew() -> None:
    rig = Rig()
    job = rig.session.submit(make_request())
    rig.hear(HELLO, Status(devices=(DeviceInfo(id="cpu", label="Here"),), paces=(EnginePace(engine="preview", seconds=2.0, jobs=1),)), located(), finished())
    assert job.machine == "" and rig.session.devices and rig.session.paces
    rig.session.move("0123")
    assert rig.session.state is SessionState.OFF and rig.link.was_closed
    assert not (rig.session.devices or rig.session.engines or rig.session.weights or rig.session.paces)
    second = rig.session.submit(make_request("job2"))
    assert second.machine == "0123"
    with pytest.raises(Img23DError):
        rig.session.move("")  # not before the job is over
