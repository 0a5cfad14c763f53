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


TORCH_LOCKS = sorted((lock.LOCKS / lock.TORCH).glob("*.txt"))


def test_each_build_of_torch_has_its_locks() -> None:
    sources = {path.stem for path in (lock.SOURCES / lock.TORCH).glob("*.in")}
    assert {path.stem for path in TORCH_LOCKS} == sources | set(lock.TORCH_TAGS)
    assert sources == {"default", "cu126-libraries", "cu130-libraries", "cu132-libraries"}


@pytest.mark.parametrize("path", TORCH_LOCKS, ids=lambda path: path.stem)
def test_each_lock_of_torch_has_hashes_and_no_address(path) -> None:
    lock.check_torch_lock(path)
    text = path.read_text(encoding="utf-8")
    if path.stem in lock.TORCH_TAGS:
        assert names(text) == {"torch"} and f"torch==2.13.0+{path.stem} " in text
    hashes = re.findall(r"sha256:([0-9a-f]+)", text)
    assert len(hashes) == len(set(hashes)) and all(len(one) == 64 for one in hashes)


def test_the_hashes_of_torch_are_those_that_others_have_computed() -> None:
    """From the file itself, by projects that say so: the first on Linux (also the wheel that is at hand here), the others on Windows."""
    for tag, known in (
        ("cpu", "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"),
        ("cu126", "8095729db14e7fd5178a39676fdd679208eff4041407ea34e3d898336c90f5c5"),
        ("cu130", "2efab1e83604ca628c6d85b9e188c153690980498d1297081a9dad704919303c"),
    ):
        assert known in (lock.LOCKS / lock.TORCH / f"{tag}.txt").read_text(encoding="utf-8")


def test_an_index_that_cannot_be_asked_leaves_the_lock_as_it_is(tmp_path, monkeypatch) -> None:
    failing = tmp_path / "uv"
    failing.write_text("#!/bin/sh\nexit 2\n")
    failing.chmod(0o755)
    monkeypatch.setattr(lock, "_uv", lambda: failing)
    kept = tmp_path / "cu130.txt"
    kept.write_text("as it was")
    assert not lock._ask_for_hashes("cu130", kept) and kept.read_text() == "as it was"


@pytest.mark.parametrize("line", ["--index-url https://index.example/simple\n", "torch==2.13.0 \\\n    --hash=sha256:00\n"])
def test_a_bad_lock_is_refused(tmp_path, monkeypatch, line) -> None:
    monkeypatch.setattr(lock, "_need_wheels", lambda *_: None)
    bad = tmp_path / "packages.txt"
    bad.write_text(line, encoding="utf-8")
    with pytest.raises(DevError):
        lock.check_lock(bad)
