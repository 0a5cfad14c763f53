"""The page in a real browser: a photo is dropped, a thing is made, and it turns in the viewer."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import cv2
import numpy as np
import pytest
from service_desk import Server, picture, until

pytestmark = pytest.mark.skipif(bool(chromium.lacking()), reason=chromium.lacking() or "there")
SHOTS = os.environ.get("IMG23D_PAGE_PICTURES")  # a folder for pictures to be looked at

# A file is dropped as the system drops one
DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0)), data = new DataTransfer();
data.items.add(new File([bytes], "ball.png", { type: "image/png" }));
document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
"""
# The share of the canvas that shows something other than its ground, and how far the mean of that is red
SEEN = """
const canvas = document.getElementById("canvas"), gl = canvas.getContext("webgl2"), pixels = new Uint8Array(4 * canvas.width * canvas.height);
gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
let seen = 0, red = 0;
for (let i = 0; i < pixels.length; i += 4) if (Math.abs(pixels[i] - 59) + Math.abs(pixels[i + 1] - 59) + Math.abs(pixels[i + 2] - 59) > 30) { seen++; red += pixels[i] - pixels[i + 2]; }
return [seen / (pixels.length / 4), seen ? red / seen : 0];
"""


@pytest.fixture(scope="module")
def shown() -> Iterator[chromium.Browser]:
    window = chromium.Browser()
    yield window
    window.close()


def keep(window: chromium.Browser, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    window.picture(path)
    if SHOTS:
        shutil.copy(path, SHOTS)


def test_a_dropped_photo_becomes_a_turning_thing(server: Server, shown: chromium.Browser, tmp_path: Path) -> None:
    shown.open(f"http://localhost:{server.port}/")
    until(lambda: shown.run("return document.getElementById('engine').options.length") > 0)
    assert shown.run("return document.getElementById('generate').disabled")
    shown.run(DROP, base64.b64encode(picture()).decode())
    until(lambda: not shown.run("return document.getElementById('generate').disabled"))
    shown.click("#generate")
    until(lambda: "made in" in shown.text("#said"))
    assert "1 made" in shown.text("#said") and "12 triangles" in shown.text("#shown")
    until(lambda: shown.run(SEEN)[0] > 0.05)
    share, red = shown.run(SEEN)
    assert 0.05 < share < 0.6 and red > 40  # the disc of the picture is red
    first = shown.run("return document.getElementById('canvas').toDataURL()")
    until(lambda: shown.run("return document.getElementById('canvas').toDataURL()") != first)  # it turns by itself
    link = shown.run("const a = document.querySelector('#things a'); return [a.download, a.href.slice(0, 5)]")
    assert link[0].endswith(".glb") and link[1] == "blob:"
    keep(shown, "page.png", tmp_path)
    assert shown.errors() == []


def test_a_reload_finds_the_job_again_and_cancels_it(server: Server, shown: chromium.Browser, held: Path) -> None:
    shown.open(f"http://localhost:{server.port}/")
    shown.run(DROP, base64.b64encode(picture()).decode())
    until(lambda: not shown.run("return document.getElementById('generate').disabled"))
    shown.click("#generate")
    until(lambda: shown.run("return document.querySelector('#things img') !== null && !document.getElementById('cancel').hidden"))
    shown.open(f"http://localhost:{server.port}/")
    until(lambda: shown.run("return document.querySelector('#things img') !== null && !document.getElementById('cancel').hidden"))
    shown.click("#cancel")
    held.unlink()
    until(lambda: "Cancelled" in shown.text("#said"))


def test_the_token_is_asked_for(tmp_path: Path, shown: chromium.Browser) -> None:
    server = Server(tmp_path, settings={"IMG23D_SERVE_TOKEN": "a-token-to-type"}, token="a-token-to-type").start().ready()
    try:
        shown.open(f"http://localhost:{server.port}/")
        until(lambda: not shown.run("return document.getElementById('token-row').hidden"))
        assert "token" in shown.text("#said")
        shown.type("#token", "a-token-to-type\t")
        until(lambda: shown.run("return document.getElementById('engine').options.length") > 0)
    finally:
        server.stop()


def test_splats_are_shown_in_their_colours_and_upright(server: Server, shown: chromium.Browser, tmp_path: Path) -> None:
    """A PLY written here from the format's description: a green ball above, in the y-down axes of such files, and a blue one below."""
    random = np.random.default_rng(0)
    around = random.normal(0, 0.08, (2000, 3))
    centres = np.where(np.arange(2000)[:, None] < 1000, (0, -0.5, 0), (0, 0.5, 0))
    colors = np.where(np.arange(2000)[:, None] < 1000, (0, 1, 0), (0, 0, 1))
    rows = np.zeros((2000, 17), "<f4")
    rows[:, 0:3], rows[:, 6:9] = around + centres, (colors - 0.5) / 0.28209479
    rows[:, 9], rows[:, 10:13], rows[:, 13] = 4.0, np.log(0.02), 1.0
    names = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 2000\n" + "".join(f"property float {name}\n" for name in names) + "end_header\n"
    shown.open(f"http://localhost:{server.port}/")
    script = """
    const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
    return import("/page/viewer.js").then(async ({ Viewer }) => { window.ours = new Viewer(document.getElementById("canvas")); return window.ours.show(bytes.buffer); });
    """
    assert shown.run(script, base64.b64encode(header.encode() + rows.tobytes()).decode()) == "2,000 splats"
    seen: list[np.ndarray] = []

    def colours() -> bool:
        shown.picture(tmp_path / "splats.png")
        image = cv2.imread(str(tmp_path / "splats.png"))[:, 400:].astype(int)
        seen[:] = [(image[:, :, 1] > image[:, :, 0] + 80), (image[:, :, 0] > image[:, :, 1] + 80)]
        return all(mask.sum() > 500 for mask in seen)

    until(colours)
    green, blue = (np.nonzero(mask)[0].mean() for mask in seen)
    assert green < blue  # rows of the picture, from above
    keep(shown, "splats.png", tmp_path)
