"""The program that lies beside a painter's weights on the hub: compared by the listing alone, told in the report, never fetched.

The known versions are the git blobs in the history of Tencent-Hunyuan/Hunyuan3D-2; here a
file's digest is computed as git's own documentation says (sha1 of "blob <length>\\0" and the bytes).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import serving
from weights_desk import LITE, PAINTER, PAINTER_FOLDER, PAINTER_REPOSITORY, Desk, published

from img23d_backend.diagnose import diagnose
from img23d_backend.diagnose.report import report
from img23d_backend.engines import Engines
from img23d_backend.jobs.job import Caller
from img23d_backend.weights import published_program
from img23d_backend.weights.registry import WEIGHT_SETS
from img23d_protocol.messages import Diagnose, Finding, Level

PROGRAM = f"{PAINTER_FOLDER}/unet/modules.py"
LINE = f"published program of {PAINTER}: "


def git_blob(content: bytes) -> str:
    return "git-sha1:" + hashlib.sha1(b"blob " + str(len(content)).encode() + b"\0" + content).hexdigest()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serving(published()) as hub:
        yield Desk(folder=tmp_path, hub=hub)


def doctors(desk: Desk) -> tuple[str, list[Finding]]:
    """The report, and what is said about painters."""
    engines = Engines(desk.folder)
    found = diagnose(Diagnose(job="d"), engines, Caller(emit=lambda _: None, load_engine=engines.load))
    assert found.report == report(engines)
    return found.report, [finding for finding in found.findings if "published with" in finding.sentence]


def test_another_program_is_told_and_never_fetched(desk: Desk) -> None:
    desk.install(PAINTER, LITE)
    text, findings = doctors(desk)
    digest = git_blob(desk.hub.repositories[PAINTER_REPOSITORY][PROGRAM])
    assert f"{LINE}another than the known ones, {digest}" in text
    (finding,) = findings
    assert (finding.what, finding.level) == ("Hunyuan3D Paint Turbo", Level.NOTE) and digest in finding.detail
    assert not desk.hub.asked("modules.py") and not [name for name in desk.files() if name.endswith(".py")]


def test_a_known_program_is_told_in_the_report_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {git_blob(desk.hub.repositories[PAINTER_REPOSITORY][PROGRAM]): "2025-04-01"}
    monkeypatch.setattr(published_program, "_KNOWN", known)
    desk.install(PAINTER)
    text, findings = doctors(desk)
    assert f"{LINE}known, of 2025-04-01" in text and not findings


def test_without_one_in_the_listing_that_is_told(desk: Desk) -> None:
    del desk.hub.repositories[PAINTER_REPOSITORY][PROGRAM]
    desk.install(PAINTER)
    text, findings = doctors(desk)
    assert f"{LINE}not listed" in text and not findings


def test_only_painters_have_one(desk: Desk) -> None:
    desk.install(LITE)
    assert "published program" not in doctors(desk)[0]
    with_program = {row.id for row in WEIGHT_SETS if published_program.has_program(row)}
    assert with_program == {"hunyuan3d-paint", "hunyuan3d-paint-turbo"}


def test_the_known_ones_are_those_of_the_publishers_source() -> None:
    """`git log --format=%H -- hy3dgen/texgen/hunyuanpaint/unet/modules.py` and `git ls-tree` of each, on 2026-11-22."""
    assert set(published_program._KNOWN) == {
        "git-sha1:f558cd76d4e0785f4662bd88ff41c2a2414c843e",
        "git-sha1:185478bf14391fcbcaab123e9ae9dac937a04797",
        "git-sha1:e2ee269a74fa3941ffaacf8401b4c1a5935b74a7",
        "git-sha1:5d16bc6b6bb1ebc72c602dcb298d122429fe847d",
    }
