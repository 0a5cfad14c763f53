"""Another machine by mouse: it is added in the preferences and tested, a search and a run are done there, one thing of it is stopped, and its
server is stopped and started again during a second run.

Run as person.py is, with its variables; the zip is dropped on the viewport. The server is on this machine's own loopback.

    IMG23D_SERVER_PYTHON  a Python with the packages of the backend's extra `serve`
    IMG23D_STEPS          which of the steps, by their names and with commas between (default: all of them)

Ends with "person: all steps passed", and with status 1 where something does not come.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from first_minutes import install
from hands import SIDEBAR, VIEWPORT, press, scroll, take
from person import drop_photo
from rows import _fill, _name
from screen import SHOTS, NotSeen, Region, await_state, await_that, click, click_at, find, is_seen, move, run_script, say, shot, state

ROOT = Path(__file__).resolve().parents[2]
NAMES = "blue mug, red apple, yellow duck, purple star, green bottle"
TOKEN = "workshop-token-4711"
_WINDOW = Region(left=0, right=1600, top=20, bottom=980)
_FIELD = 300  # pixels from a field's label to its middle


@dataclass
class Server:
    """`img23d serve`, its own process."""

    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        folder = SHOTS / "workstation"
        folder.mkdir(exist_ok=True)
        paths = os.pathsep.join(map(str, (ROOT / "backend", ROOT / "blender_img23d" / "shared")))
        variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": paths, "IMG23D_SERVE_TOKEN": TOKEN, "IMG23D_SERVE_STOP_SECONDS": "0"}
        command = [os.environ["IMG23D_SERVER_PYTHON"], "-s", "-m", "img23d_backend", "serve", "--port", str(self.port), "--engine", "preview"]
        command += ["--data", str(folder), "--env", str(folder / "none")]
        self.process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=open(folder / "server.log", "ab"), text=True)
        assert self.process.stdout is not None
        found = re.search(r":(\d+)$", self.process.stdout.readline().strip())
        if found is None:
            raise NotSeen(f"a server: {(folder / 'server.log').read_text(errors='replace')[-500:]}")
        self.port = int(found[1])

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)


SERVER = Server()


def main() -> None:
    await_that(bool, "Blender's window")
    SERVER.start()
    try:
        install()
        take(STEPS)
    finally:
        SERVER.stop()
    say("all steps passed")


def open_preferences() -> None:
    """from the panel AI Models to the preferences"""
    scroll(40)
    click("AI Models", Region(left=1000, right=1345, top=700, bottom=905))  # further up a sentence speaks of them
    scroll(8)
    shot("01_panel")
    press("Where It Runs...", SIDEBAR, lambda facts: "area PREFERENCES" in facts)
    time.sleep(2)
    shot("02_preferences")


def add_the_machine() -> None:
    """add a machine with its address and a token with a letter wrong, and test the connection"""
    press("Add a Machine", _WINDOW, lambda facts: "machine Another Machine" in facts)
    time.sleep(2)
    _type("Name", "Workstation", "machine Workstation")
    _type("Address", f"localhost:{SERVER.port}", f"address localhost:{SERVER.port}")
    _type("Token", TOKEN[:-1], f"letters of the token {len(TOKEN) - 1}")
    press("Test the Connection", _WINDOW, lambda facts: "tested bad" in facts)
    move(800, 20)
    time.sleep(2)
    shot("03_wrong_token")
    find("refuses the token", _WINDOW)


def correct_the_token() -> None:
    """type the token again, and test the connection"""
    _type("Token", TOKEN, f"letters of the token {len(TOKEN)}")
    press("Test the Connection", _WINDOW, lambda facts: "tested good" in facts)
    move(800, 20)
    time.sleep(2)
    shot("04_works")
    find("It works", _WINDOW)
    if is_seen(TOKEN, _WINDOW):
        raise NotSeen("a token that nobody can read")
    click("Back to Previous", Region(right=600, bottom=100))
    await_that(lambda facts: "area PREFERENCES" not in facts, "the 3D viewport")


def see_what_it_has() -> None:
    """its card and models in the panel"""
    await_that(lambda facts: any(fact.startswith("devices ") and fact != "devices 0" for fact in facts), "its devices")
    scroll(-40)
    find("On Workstation", SIDEBAR)
    shot("05_on_workstation")
    scroll(8)
    shot("06_its_models")


def find_there() -> None:
    """drop a photo, name the things, and find them"""
    scroll(-40)
    drop_photo()
    _name(NAMES)
    press("Find", SIDEBAR, lambda facts: "jobs 1" in facts)
    await_state("idle", *(f"target {name}: found" for name in NAMES.split(", ")))
    time.sleep(2)
    shot("07_found")


def generate_and_stop_one() -> None:
    """generate, and stop one of them by its X"""
    scroll(-40)
    click("Best", SIDEBAR)  # slow enough to reach the X
    press("Generate", SIDEBAR, lambda facts: "jobs 2" in facts, times=2)
    for _ in range(4):
        x, y = find("purple star", Region(left=1000, right=1345, top=540, bottom=700))  # its bar, below Cancel
        click_at(1264 if x > 1150 else 1145, y)
        if "stopped 1" in state():
            break
    await_state("stopped 1")
    shot("08_stopped")
    await_state("idle", "last job done", "stopped 1")
    await_that(lambda facts: sum(fact.endswith(": textured") for fact in facts) == 4, "four textured objects")
    move(*VIEWPORT)
    time.sleep(3)
    shot("09_made")


def stop_the_server() -> None:
    """generate again, stop the server in the middle, and start it again"""
    scroll(-40)
    press("Generate", SIDEBAR, lambda facts: "jobs 3" in facts, times=2)
    await_that(lambda facts: _count("cut out", facts) > 0 or "idle" in facts, "the first cut-out")
    SERVER.stop()
    await_that(lambda facts: any(fact.startswith("note The connection") for fact in facts), "a word about the connection")
    time.sleep(6)
    shot("10_server_stopped")
    find("No connection", SIDEBAR)
    SERVER.start()
    await_that(lambda facts: any(fact.startswith("note The server was started again") for fact in facts), "a word about the server")
    shot("11_server_started")
    await_state("idle", "last job done")
    await_that(lambda facts: sum(fact.startswith("object ") and fact.endswith(": textured") for fact in facts) == 9, "five more, and none twice")
    move(*VIEWPORT)
    time.sleep(3)
    shot("12_finished")


def cancel_without_a_server() -> None:
    """generate again, stop the server, and cancel"""
    scroll(-40)
    press("Generate", SIDEBAR, lambda facts: "jobs 4" in facts, times=2)
    await_that(lambda facts: _count("cut out", facts) > 0 or "idle" in facts, "the first cut-out")
    SERVER.stop()
    await_that(lambda facts: any(fact.startswith("note The connection") for fact in facts), "a word about the connection")
    press("Cancel All", SIDEBAR, lambda facts: "idle" in facts)
    await_state("last job cancelled")
    shot("13_cancelled")
    SERVER.start()


def _type(label: str, text: str, fact: str) -> None:
    """Into the field of that name."""
    x, y = find(label, Region(left=_WINDOW.left, right=_WINDOW.right, top=_box_top(), bottom=_WINDOW.bottom))
    _fill((x + _FIELD, y), text, fact)


def _box_top() -> int:
    """Of the chosen machine's fields."""
    return find("Add a Machine", _WINDOW)[1] + 5


def _count(what: str, facts: list[str]) -> int:
    return next((int(fact.rpartition(" ")[2]) for fact in facts if fact.startswith(f"{what} ")), 0)


STEPS = (open_preferences, add_the_machine, correct_the_token, see_what_it_has, find_there, generate_and_stop_one, stop_the_server, cancel_without_a_server)

if __name__ == "__main__":
    run_script(main)
