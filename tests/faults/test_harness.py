"""The suite's own tools: what goes wrong is noticed, counted to its case, and can be repeated."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
from pathlib import Path

import batch
import pytest
import tally as tally_module
from glb_seeds import png
from mutate import mutation, mutations, with_png_checksums
from mutate_json import json_mutation
from PIL import Image
from record_seeds import GENERATE
from tally import Tally, chosen_cases, effort, rounds
from whole import not_whole

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured and limited on Linux")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tally_module, "FOLDER", tmp_path)
    for name in (tally_module.SOAK, tally_module.ONLY_CASE, tally_module.FIRST_NUMBER):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def outcomes(*cases: str) -> dict[str, batch.Outcome]:
    return {outcome.case: outcome for outcome in batch.tried("biting_child", [], cases)}


def test_each_case_has_its_own_outcome() -> None:
    found = outcomes("first", "escape", "second", "talks", "slow")
    assert {case for case, outcome in found.items() if outcome.said == "well"} == {"first", "second", "talks", "slow"}
    assert "KeyError" in found["escape"].broken
    assert found["slow"].seconds > 0.4 > found["second"].seconds


def test_what_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CASE_SECONDS", 2.0)
    assert "no answer in 2 s" in outcomes("hang")["hang"].broken


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_crash_costs_only_its_own_case() -> None:
    found = outcomes("before", "crash", "after")
    assert "SIGSEGV" in found["crash"].broken and found["before"].said == found["after"].said == "well"


@linux
def test_memory_is_measured_a_case_and_limited() -> None:
    found = outcomes("before", "memory", "after", "far too much")
    assert found["memory"].megabytes > 690 and found["after"].megabytes < 50
    assert "MemoryError" in found["far too much"].broken


def test_a_tally_fails_its_test_and_is_written(folder: Path) -> None:
    message = r"(?s)1 of 3 cases failed.*--case seed:7"
    with pytest.raises(AssertionError, match=message), Tally(name="some", what="some things") as tally:
        tally.passed(MB=3.0)
        tally.judge("seed:6", "")
        tally.judge("seed:7", "it broke", b"damaged", ".png")
    row = json.loads((folder / "some.json").read_text())
    assert (row["cases"], row["failures"], row["worst"]) == (3, 1, {"MB": 3.0})
    assert (folder / "some" / "seed_7.png").read_bytes() == b"damaged"


def test_what_was_not_run_or_broke_off_is_told(folder: Path) -> None:
    with pytest.raises(pytest.skip.Exception), Tally(name="skipped", what="x"):
        pytest.skip("no root")
    assert json.loads((folder / "skipped.json").read_text())["not_run"] == "no root"
    with pytest.raises(ZeroDivisionError), Tally(name="broken", what="x"):
        _ = 1 / 0
    assert json.loads((folder / "broken.json").read_text())["failures"] == 1
    with pytest.raises(AssertionError, match="stopped after"), Tally(name="hopeless", what="x") as tally:
        for number in range(10_000):
            tally.judge(f"a:{number}", "no")
    assert tally.cases == tally_module.ENOUGH


def test_how_many_cases_and_which(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert effort(quick=3, long=90) == 3 and list(chosen_cases(["a", "b"], 3)) == ["a:0", "b:1", "a:2"]
    monkeypatch.setenv(tally_module.SOAK, "30")
    monkeypatch.setenv(tally_module.FIRST_NUMBER, "500")
    assert effort(quick=3, long=90) == 180 and list(chosen_cases(["a", "b"], 2)) == ["a:500", "b:501"]
    monkeypatch.setenv(tally_module.ONLY_CASE, "b:77")
    assert list(chosen_cases(["a", "b"], 2)) == ["b:77"]
    for skipped in (lambda: list(chosen_cases(["c"], 2)), lambda: rounds(quick=1, long=2)):
        with pytest.raises(pytest.skip.Exception):
            skipped()


def test_damage_is_repeatable_and_always_damage() -> None:
    data = png(16)
    copies = list(mutations(data, 300, 40))
    assert copies[10] == mutation(data, 50) and data not in copies and len(set(copies)) > 250
    assert all(json_mutation(GENERATE, number) == json_mutation(GENERATE, number) for number in range(20))
    assert len({json_mutation(GENERATE, number) for number in range(300)}) > 200


def test_checksums_are_mended_so_that_a_decoder_looks_further() -> None:
    data = bytearray(png(16))
    struct.pack_into(">I", data, 16, 17)  # another width
    with pytest.raises(Exception, match="broken|corrupt|CRC|cannot identify"):
        Image.open(io.BytesIO(bytes(data))).load()
    assert Image.open(io.BytesIO(with_png_checksums(bytes(data)))).size == (17, 16)


def test_half_a_file_is_told_from_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    for data, is_whole in ((png(16), True), (png(16)[:-20], False), (png(16)[:40], False), (b"", False)):
        path.write_bytes(data)
        assert (not_whole(path) == "") == is_whole, data
