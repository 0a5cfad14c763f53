"""The panel Help: a look at everything with the real backend, with one that cannot start, and the report that comes of it."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path

import bpy
import pytest
from conftest import part
from drawing import drawn
from scripted import Rehearsal


@pytest.fixture(autouse=True)
def unchecked(owner):
    owner.checkup = None
    yield
    owner.checkup = None


def panel():
    return drawn(part("panels.tab").IMG23D_PT_help)


def of(owner, what: str):
    return next(finding for finding in owner.checkup.findings if finding.what == what)


def test_before_anything_was_checked(owner):
    layout = panel()
    assert [button["try_stages"] for button in layout.pressed("img23d.doctor")] == [False, True]
    assert layout.texts == [] and layout.pressed("img23d.open_log") and layout.pressed("img23d.copy_report")


def test_a_check_by_the_real_backend(owner, capfd):
    """As a script in background mode does it: what was found is printed when the operator returns."""
    assert bpy.ops.img23d.doctor() == {"FINISHED"}
    assert owner.checkup.is_over and owner.checkup.job.report
    assert {"Blender", "Program", "Folder for results", "Folder for models", "Memory"} <= {f.what for f in owner.checkup.findings}
    assert "PROBLEM" not in {finding.level.upper() for finding in owner.checkup.findings}
    said = panel().said
    assert "works" in said and "Folder for results: It can be written to" in said
    assert "Folder for results: It can be written to" in capfd.readouterr().out


def test_each_stage_is_tried_and_nothing_comes_of_it(owner):
    runs = part("scene.file.folders").runs_base(bpy.context) / "runs"
    before, made = set(bpy.data.objects.keys()), set(runs.glob("*ball*"))
    assert bpy.ops.img23d.doctor(try_stages=True) == {"FINISHED"}
    tried = [finding.what for finding in owner.checkup.findings if finding.what.startswith(("Find,", "Cut", "Shape,", "Paint,"))]
    assert len(tried) >= 4 and "Paint, Preview" in " ".join(tried)
    assert set(bpy.data.objects.keys()) == before
    assert set(runs.glob("*ball*")) == made


def test_each_finding_has_its_button(owner, monkeypatch, as_with_a_window):
    rehearsal = Rehearsal(owner, monkeypatch)
    assert bpy.ops.img23d.doctor() == {"FINISHED"}
    assert "Looking" in panel().said and not bpy.ops.img23d.doctor.poll()
    rehearsal.tick()
    m = rehearsal.messages
    assert rehearsal.link.said[-1].run_folder == str(part("scene.file.folders").runs_base(bpy.context))
    findings = (
        m.Finding(what="Program", level=m.Level.GOOD, sentence="Img23D works."),
        m.Finding(what="BiRefNet", level=m.Level.PROBLEM, sentence="Files are damaged.", action=m.Action.DOWNLOAD),
        m.Finding(what="Memory", level=m.Level.WARNING, sentence="Little is free.", action=m.Action.FREE_MEMORY),
    )
    rehearsal.link.say(m.Diagnosed(job=rehearsal.job.id, report="all", findings=findings))
    rehearsal.tick()
    layout = panel()
    assert "1 problem and 1 warning" in layout.said
    assert layout.said.index("Files are damaged") < layout.said.index("Little is free") < layout.said.index("Program: Img23D works")
    actions = [button["action"] for button in layout.pressed("img23d.fix")]
    assert actions[:2] == ["download", "free_memory"]
    assert part("app.owner").shown_job(owner, bpy.context) is None  # it is no run


def test_every_action_has_an_operator_behind_it(owner):
    actions = {str(action) for action in part("shared.img23d_protocol.findings").Action} - {""}
    assert actions == set(part("operators.forecast")._FIXES) == set(part("panels.widgets.fixes")._BUTTONS)


def test_a_backend_that_cannot_be_started(owner, monkeypatch):
    protocol = part("shared.img23d_protocol")

    def fail():
        raise protocol.Img23DError(protocol.ErrorCode.BACKEND_START, "The backend's files are missing: reinstall it.", "detail")

    monkeypatch.setattr(owner.session, "_make_link", fail)
    owner.session.shutdown()
    owner.session.tick()
    assert bpy.ops.img23d.doctor() == {"FINISHED"}
    assert of(owner, "Backend").sentence.startswith("The backend's files are missing")
    assert of(owner, "Blender").level == "good"  # the rest is still told
    layout = panel()
    assert "The backend's files are missing" in layout.said and layout.pressed("img23d.fix")[0]["action"] == "open_log"


def test_a_backend_that_ends_before_its_hello(owner, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    closed = part("core.session.link").LinkClosed(code=1, tail="ModuleNotFoundError: No module named 'cv2'")
    monkeypatch.setattr(rehearsal.link, "start", lambda: rehearsal.link.say(closed))
    assert bpy.ops.img23d.doctor() == {"FINISHED"}
    finding = of(owner, "Backend")
    assert "a part of Img23D is missing or damaged" in finding.sentence and finding.action
    assert "cv2" not in finding.sentence and "cv2" in finding.detail


def test_a_folder_that_cannot_be_written_to(owner, tmp_path):
    preferences = part("properties").preferences_of(bpy.context)
    (tmp_path / "file").write_text("")
    preferences.runs_folder = str(tmp_path / "file")
    try:
        assert bpy.ops.img23d.doctor() == {"FINISHED"}
        finding = of(owner, "Folder for results")
        assert (finding.level, finding.action) == ("problem", "choose_folder")
    finally:
        preferences.runs_folder = ""


def test_the_report_names_nobody(owner, photo):
    values = bpy.context.scene.img23d
    values.photo, values.names = "/home/annabel lee/photos/mug.png", "mug"
    owner.refusal = "hf_abcdefghijklmnopqrstuvwxyz123456 was refused at http://annabel:geheim@proxy:3128"
    bpy.ops.img23d.doctor()
    assert bpy.ops.img23d.copy_report() == {"FINISHED"}
    report = bpy.context.window_manager.clipboard or part("app.report").report_text(owner, None)
    assert "Blender" in report and "Checked:" in report and "cv2: 4." in report and "The end of backend-" in report
    for secret in ("annabel", "geheim", "hf_abc", socket.gethostname()):
        assert secret not in report
    user = getpass.getuser()
    assert user == "root" or user not in report
    assert str(Path.home()) not in report or os.path.basename(Path.home()) == "root"
