"""The command line: what it prints and with which code it ends."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.cli.commands import run
from img23d_backend.cli.outcome import Outcome
from img23d_backend.cli.progress import ProgressPrinter
from img23d_protocol.messages import Failed, Located, LocatedTarget, Progress, Stage

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("each_pass_once")
QUICK = ["--faces", "500", "--seed", "3"]


@pytest.fixture
def photo(tmp_path: Path) -> str:
    picture = np.full((160, 240, 3), 225, np.uint8)
    cv2.circle(picture, (60, 70), 40, (30, 40, 200), -1)
    picture[30:130, 160:200] = (190, 90, 20)
    path = tmp_path / "two things.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    return str(path)


@pytest.fixture(autouse=True)
def keep_interrupt() -> object:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def generate(photo: str, *options: str) -> int:
    return run(["generate", photo, "--out", str(Path(photo).parent / "out"), *QUICK, *options])


def test_json_is_one_object_of_results(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, "--names", 'disc, "plate, blue"', "--json") == 0
    results = json.loads(capsys.readouterr().out)
    assert (results["state"], results["seed"], results["error"]) == ("finished", 3, None)
    assert [target["name"] for target in results["targets"]] == ["disc", "plate, blue"]
    assert all(Path(target["mesh"]).is_file() and target["textured"] for target in results["targets"])


def test_lines_for_people(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, "--no-texture") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].startswith("two things: 00_two_things_shape.glb, ")
    assert "seed 3" in out and err.splitlines() == ["located: two things", "cut out: two things", "shaped: two things"]


def test_points_in_pixels(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, "--names", "thing", "--point", "thing=180,60", "--point", "55,70", "--no-texture", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)["targets"]
    assert (first["name"], second["name"]) == ("thing", "Thing 2")
    assert first["box"]["left"] * 240 == pytest.approx(160, abs=6) and first["box"]["bottom"] * 160 == pytest.approx(130, abs=6)
    assert second["box"]["left"] * 240 == pytest.approx(20, abs=6) and second["box"]["right"] * 240 == pytest.approx(100, abs=6)


def test_a_point_where_nothing_is(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, "--point", "cup=225,10") == 1
    assert "Nothing stands apart where “cup” was picked" in capsys.readouterr().out


def test_boxes_in_pixels(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    boxes = ["--box", "thing=130,0,240,160", "--box", "thing=0,0,120,160", "--box", "a=b=1,2,119,159"]
    assert generate(photo, "--names", "thing", *boxes, "--cutter", "light", "--no-texture", "--json") == 0
    targets = json.loads(capsys.readouterr().out)["targets"]
    assert [target["name"] for target in targets] == ["thing", "thing", "a=b"]
    assert targets[0]["box"]["left"] >= 0.5 >= targets[1]["box"]["right"]


def test_a_target_that_is_not_there(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, "--names", "disc, plate, spoon, fork", "--cutter", "light", "--no-texture") == 1
    out = capsys.readouterr().out
    assert "spoon: " in out and "fork: " in out and "disc: 00_disc_shape.glb" in out


def test_the_painters_settings_are_written_down(photo: str) -> None:
    learned = ["--painter", "hunyuan3d-paint-turbo", "--paint-steps", "12", "--paint-guidance", "3", "--no-delight", "--no-match-positions"]
    assert generate(photo, *learned, "--device", "gpu", "--paint-device", "cpu", "--no-texture") == 0
    record = json.loads((Path(photo).parent / "out" / "run.json").read_text(encoding="utf-8"))
    written = record["settings"]["hunyuan3d"]["paint"]
    assert (written["painter"], written["paint_steps"], written["paint_guidance"]) == ("hunyuan3d-paint-turbo", 12, 3.0)
    assert not written["delight"] and not written["match_positions"]
    assert record["settings"]["machine"]["devices"] == {
        "edit": "gpu", "locate": "gpu", "matte": "gpu", "shape": "gpu", "split": "auto", "paint": "cpu",
    }  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        ["--faces", "2"],
        ["--box", "cup=1,2,3"],
        ["--box", "cup=90,0,10,10"],
        ["--point", "cup=1"],
        ["--point", "cup=1,2,3"],
        ["--point", "cup=nan,20"],
        ["--point", "241,20"],
        ["--point", "cup=-1,20"],
        ["--point", "cup=20,1e999"],
        ["--box", "=0,0,90,90"],
        ["--engine", "magic"],
        ["--seed", "-5"],
        ["--thickness", "nan"],
    ],
)
def test_bad_input_is_one_sentence(photo: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, *options) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.endswith(".\n"), err
    assert not (Path(photo).parent / "out").exists()


def test_bad_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    for photo in ("", str(tmp_path / "gone.png"), str(tmp_path), str(tmp_path / "empty.png"), __file__):
        assert run(["generate", photo, "--out", str(tmp_path / "out"), "--json"]) == 2
        out, err = capsys.readouterr()
        assert err.count("\n") == 1 and json.loads(out)["error"]["sentence"] == err.strip()


def test_wrong_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["fly"], ["generate", "x.png"], ["generate", "x", "--out", "o", "--texture-size", "77"]):
        with pytest.raises(SystemExit) as caught:
            run(arguments)
        assert caught.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_engines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["engines"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["generate", "preview", "ready"] == lines[0][:3]
    assert {"preview": "ready", "autopartgen": "not ready"}.items() <= {line[1]: line[2] for line in lines if line[0] == "parts"}.items()


def test_our_own_failures_are_not_called_bad_input() -> None:
    outcome = Outcome()
    outcome.take(Failed(job="j", code="disk_full", sentence="The disk is full."))
    assert outcome.exit_code == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    printer = ProgressPrinter(terminal)
    printer.take(Located(job="j", targets=(LocatedTarget(name="cup"), LocatedTarget(name="x" * 80)), photo_width=9, photo_height=9))
    printer.take(Progress(job="j", stage=Stage.SHAPE, target=0, fraction=0.5, note="rounding"))
    printer.take(Progress(job="j", stage=Stage.SHAPE, target=1, fraction=1.0))
    printer.close()
    _, half, full, last = terminal.getvalue().split("\r\x1b[K")
    assert half == "█" * 12 + "░" * 12 + " shape 1/2 cup rounding" and len(full) == 59 and last == ""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt(photo: str) -> None:
    names = ", ".join(["disc"] * 60)
    boxes = [option for _ in range(60) for option in ("--box", "disc=0,0,120,160")]
    command = [sys.executable, "-s", "-m", "img23d_backend", "generate", photo, "--out", photo + ".out", "--names", names, *boxes]
    paths = os.pathsep.join([str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")])
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline().startswith("located: ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and "Cancelled" in out and "Traceback" not in err
    assert json.loads(Path(photo + ".out", "run.json").read_text(encoding="utf-8"))["state"] == "cancelled"


def test_a_kind_a_thing(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(photo, "--names", "disc, plate", "--kind", "disc=flat", "--kind", "plate=turned", "--no-texture") == 0
    record = json.loads((Path(photo).parent / "out" / "run.json").read_text(encoding="utf-8"))
    assert [one["shape"] for one in record["wanted"]] == [one["shape"] for one in record["targets"]] == ["flat", "revolve"]
    assert "Flat" in record["targets"][0]["notes"][-1] and "Turned" in record["targets"][1]["notes"][-1]


@pytest.mark.parametrize(("options", "said"), [
    (["--kind", "disc=square"], "no kind"),
    (["--kind", "flat"], "not among the names"),
    (["--kind", "spoon=flat"], "not among the names"),
])  # fmt: skip
def test_a_kind_that_makes_no_sense_is_said(photo: str, capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
    assert generate(photo, "--names", "disc, plate", *options) == 2
    assert said in capsys.readouterr().err and not (Path(photo).parent / "out").exists()
