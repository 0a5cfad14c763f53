"""Headless Chromium through its driver: the WebDriver protocol (https://www.w3.org/TR/webdriver2/) with the standard library."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's reference
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVERS = ("chromedriver", "/usr/lib/chromium-browser/chromedriver")
# WebGL on the processor; without its sandbox, which needs what containers forbid
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--window-size=1200,760",
]


def lacking() -> str:
    """What is not on this machine; empty where all is."""
    if _program(PROGRAMS) is None:
        return "no Chromium (Debian: apt-get install chromium chromium-driver)"
    return "" if _program(DRIVERS) is not None else "no chromedriver (Debian: apt-get install chromium-driver)"


def _program(names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


class Browser:
    """One window, from its start to `close`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="browser-")
        variables = {**os.environ, "HOME": self._folder.name}
        self._driver = subprocess.Popen([_program(DRIVERS), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables, text=True)
        port = next(found[1] for line in self._driver.stdout if (found := re.search(r"started successfully on port (\d+)", line)))
        self._base = f"http://127.0.0.1:{port}/session"
        options = {"binary": _program(PROGRAMS), "args": [*ARGUMENTS, f"--user-data-dir={self._folder.name}"]}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}}
        self._base += "/" + self._ask("", wanted)["sessionId"]

    def _ask(self, path: str, data: Any = None, method: str = "POST") -> Any:
        body = json.dumps(data or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._base + path, body, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, address: str) -> None:
        self._ask("/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """JavaScript's value; what is a promise is waited for."""
        return self._ask("/execute/sync", {"script": script, "args": list(arguments)})

    def type(self, selector: str, text: str) -> None:
        found = self._ask("/element", {"using": "css selector", "value": selector})[ELEMENT]
        self._ask(f"/element/{found}/value", {"text": text})

    def click(self, selector: str) -> None:
        found = self._ask("/element", {"using": "css selector", "value": selector})[ELEMENT]
        self._ask(f"/element/{found}/click")

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def errors(self) -> list[str]:
        """What the page complained about."""
        return [entry["message"] for entry in self._ask("/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("/screenshot", method="GET")))

    def close(self) -> None:
        try:
            self._ask("", method="DELETE")
        finally:
            self._driver.kill()
            self._driver.wait()
            self._driver.stdout.close()
            self._folder.cleanup()
