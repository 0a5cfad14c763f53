"""The locks that ship: hashes for all, nothing about where from, and none of what must not be in them."""

from __future__ import annotations

import re

import pytest

from devtools import lock
from devtools.running import DevError

LOCKS = sorted(lock.LOCKS.glob("*.txt"))


def names(text: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))


def test_every_source_has_its_lock() -> None:
    assert {path.stem for path in LOCKS} == {path.stem for path in lock.SOURCES.glob("*.in")} == {"packages", "hunyuan3d"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_each_package_is_pinned_with_hashes_and_no_address(path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not {"torch", "torchvision", "torchaudio"} & names(text)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==\S+", block) and "--hash=sha256:" in block, block


def test_what_people_wrote_is_in_the_lock() -> None:
    for source in lock.SOURCES.glob("*.in"):
        wanted = {re.split(r"[=<> ]", line)[0].replace("_", "-") for line in source.read_text().splitlines() if line[:1].isalpha()}
        assert wanted <= names((lock.LOCKS / f"{source.stem}.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("line", ["--index-url https://index.example/simple\n", "torch==2.13.0 \\\n    --hash=sha256:00\n"])
def test_a_bad_lock_is_refused(tmp_path, monkeypatch, line) -> None:
    monkeypatch.setattr(lock, "_need_wheels", lambda *_: None)
    bad = tmp_path / "packages.txt"
    bad.write_text(line, encoding="utf-8")
    with pytest.raises(DevError):
        lock.check_lock(bad)
