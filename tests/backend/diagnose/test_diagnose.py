"""The doctor: what it finds on a sound machine, and with broken folders, damaged models and stages that fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_engine import SmallEngine, Trap, no_trap

from img23d_backend.cli.commands import run
from img23d_backend.diagnose import machine, places, programs, run_diagnosis
from img23d_backend.engines import PREVIEW, Engines
from img23d_backend.jobs import job
from img23d_backend.jobs.job import Caller
from img23d_backend.machine import memory
from img23d_backend.models.loading import unfit
from img23d_backend.stages import Engine
from img23d_backend.weights.registry import WEIGHT_SETS
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import (
    USUAL,
    Action,
    Cancelled,
    Diagnose,
    Diagnosed,
    Finding,
    FromBackend,
    Level,
    Progress,
    Settings,
)


class Patient:
    """A machine to be looked at: its folders, its engines, and what the doctor has said."""

    def __init__(self, folder: Path) -> None:
        self.runs, self.models = folder / "runs", folder / "models"
        self.told: list[FromBackend] = []
        self.load: Callable[[str], Engine] | None = None
        self.cancel_after: int | None = None  # messages

    def look(self, *, try_stages: bool = False, **settings: object) -> tuple[Finding, ...]:
        engines = Engines(self.models)
        request = Diagnose(
            job="d",
            run_folder=str(self.runs),
            try_stages=try_stages,
            settings=Settings.of(**settings),
        )

        def is_cancelled() -> bool:
            return self.cancel_after is not None and len(self.told) > self.cancel_after

        caller = Caller(emit=self.told.append, load_engine=self.load or engines.load, is_cancelled=is_cancelled)
        run_diagnosis(request, engines, caller)
        last = self.told[-1]
        return last.findings if isinstance(last, Diagnosed) else ()

    def put(self, set_id: str, size: int = 1000) -> Path:
        """A file set that was copied there and recorded."""
        path = self.models / set_id / "model.safetensors"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(size))
        Engines(self.models).weights.adopt(set_id)
        return path


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


def of(findings: tuple[Finding, ...], what: str) -> Finding:
    return next(finding for finding in findings if finding.what == what)


@pytest.mark.usefixtures("each_pass_once")
def test_a_sound_machine(patient: Patient) -> None:
    findings = patient.look(try_stages=True)
    assert Level.PROBLEM not in {finding.level for finding in findings}
    tried = [finding.what for finding in findings if PREVIEW.label in finding.what]
    assert tried == [f"{verb}, {PREVIEW.label}" for verb in ("Find", "Cut out", "Shape", "Paint")]
    assert all(of(findings, what).level is Level.GOOD for what in tried)
    split = of(findings, "Split, Built In")
    assert split.level is Level.GOOD and split.detail.startswith("2 parts")  # of the two boxes
    assert not patient.runs.exists() and not patient.models.exists()  # looking leaves nothing behind


@pytest.mark.usefixtures("each_pass_once")
def test_how_far_it_is(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "PROGRESS_INTERVAL", 0.0)  # a slow machine tells all that a quick one leaves out
    patient.look(try_stages=True)
    steps = [message for message in patient.told if isinstance(message, Progress)]
    far = [USUAL.index(step.stage) + step.fraction for step in steps]
    assert far == sorted(far) and far[0] == 0 and far[-1] == 4
    assert any("disk" in step.note for step in steps) and any(step.note == f"{PREVIEW.label}: Shape" for step in steps)


@pytest.mark.usefixtures("each_pass_once")
@pytest.mark.parametrize("messages", [0, 2, 10])
def test_a_cancel_ends_it(patient: Patient, messages: int) -> None:
    patient.cancel_after = messages
    assert patient.look(try_stages=True) == ()
    assert isinstance(patient.told[-1], Cancelled) and len(patient.told) < messages + 10


# --- folders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["runs", "models"])
def test_a_folder_that_is_a_file(patient: Patient, name: str) -> None:
    getattr(patient, name).write_text("not a folder")
    what, action = {
        "runs": ("Folder for results", Action.CHOOSE_FOLDER),
        "models": ("Folder for models", Action.PREFERENCES),
    }[name]
    finding = of(patient.look(), what)
    assert (finding.level, finding.action) == (Level.PROBLEM, action)
    assert str(getattr(patient, name)) in finding.sentence


@pytest.mark.parametrize("step", ["write_bytes", "replace", "unlink"])
def test_each_of_writing_renaming_and_deleting_counts(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As folders of studios' servers are that may be written to and not deleted from."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os if step == "replace" else Path, step, refuse)
        assert places.why_not_writable(tmp_path / "not yet there") == "Permission denied"
    assert places.why_not_writable(tmp_path) == ""


@pytest.mark.parametrize(("free", "level"), [(6e9, Level.GOOD), (4e9, Level.WARNING), (1e8, Level.PROBLEM)])
def test_little_room(patient: Patient, free: float, level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(patient.runs.parent)._replace(free=int(free))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    finding = of(patient.look(), "Folder for results")
    assert finding.level is level and (level is Level.GOOD or finding.action is Action.CHOOSE_FOLDER)


# --- models ---------------------------------------------------------------------------------------------------------


def test_whole_half_and_damaged_models(patient: Patient) -> None:
    labels = {row.id: row.label for row in WEIGHT_SETS}
    whole, half, damaged = "birefnet-lite", "birefnet-hr", "birefnet-general"
    patient.put(whole)
    (patient.models / half).mkdir()
    (patient.models / half / "model.safetensors.part").write_bytes(b"x")
    patient.put(damaged).write_bytes(b"cut off")

    findings = patient.look(matter=damaged)
    assert labels[whole] in of(findings, "Models").sentence
    assert (of(findings, labels[half]).level, of(findings, labels[half]).action) == (Level.NOTE, Action.NONE)
    assert (of(findings, labels[damaged]).level, of(findings, labels[damaged]).action) == (Level.PROBLEM, Action.DOWNLOAD)
    assert of(patient.look(matter=whole), labels[damaged]).level is Level.WARNING  # the settings do without it


def test_chosen_models_are_missed_where_models_can_run(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "BiRefNet" not in {finding.what for finding in patient.look()}
    monkeypatch.setattr("img23d_backend.diagnose.weights.is_set_up", lambda: True)
    finding = of(patient.look(), "BiRefNet")
    assert (finding.level, finding.action) == (Level.WARNING, Action.DOWNLOAD)


# --- programs and the machine ---------------------------------------------------------------------------------------


def test_without_the_ai_models(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (programs, machine):
        monkeypatch.setattr(module, "is_set_up", lambda: False)
    findings = patient.look()
    assert (of(findings, "AI programs").level, of(findings, "AI programs").action) == (Level.NOTE, Action.SET_UP)
    assert of(findings, "Graphics card").level is Level.NOTE


def test_a_damaged_package(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that raises anything when it is imported."""
    (tmp_path / "img23d_broken.py").write_text("raise SystemError('initialization failed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(programs, "_LEARNED", {"img23d_broken": "PyTorch"})
    monkeypatch.setattr(programs, "is_set_up", lambda: True)
    finding = of(patient.look(), "AI programs")
    assert (finding.level, finding.action) == (Level.PROBLEM, Action.SET_UP)
    assert "PyTorch" in finding.sentence and "SystemError" in finding.detail and "SystemError" not in finding.sentence


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (ErrorCode.DRIVER_TOO_OLD, Action.UPDATE_DRIVER),
        (ErrorCode.ENVIRONMENT_BROKEN, Action.SET_UP),
        (ErrorCode.BAD_REQUEST, Action.NONE),
    ],
)
def test_no_graphics_card_and_why(patient: Patient, code: ErrorCode, action: Action, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(choice: str) -> None:
        raise Img23DError(code, "The driver says no.")

    monkeypatch.setattr(machine, "is_set_up", lambda: True)
    monkeypatch.setattr(machine, "find_devices", lambda: ())
    monkeypatch.setattr(machine, "choose", refuse)
    monkeypatch.setattr(machine, "versions", lambda: "")
    finding = of(patient.look(), "Graphics card")
    is_problem = code is not ErrorCode.BAD_REQUEST
    assert (finding.level is Level.PROBLEM, finding.action) == (is_problem, action)
    assert ("says no" in finding.sentence) == is_problem


def test_little_memory(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 10**9)
    finding = of(patient.look(), "Memory")
    assert (finding.level, finding.action) == (Level.WARNING, Action.FREE_MEMORY)


def test_a_check_that_cannot_look_keeps_no_other_from_looking(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise RuntimeError("no memory counter")

    monkeypatch.setattr(memory, "total_bytes", fail)
    findings = patient.look()
    assert of(findings, "Memory").level is Level.PROBLEM and "no memory counter" in of(findings, "Memory").detail
    assert of(findings, "Folder for models").level is Level.GOOD


# --- stages ---------------------------------------------------------------------------------------------------------


def failing(stage: str, error: Exception) -> Trap:
    def trap(entered: str, count: int) -> None:
        if entered == stage:
            raise error

    return trap


def tried(patient: Patient, trap: Trap) -> dict[str, Finding]:
    patient.load = lambda engine_id: SmallEngine(trap).as_engine()
    return {f.what.partition(",")[0]: f for f in patient.look(try_stages=True) if PREVIEW.label in f.what}


def test_a_stage_that_fails_says_so_in_its_own_words(patient: Patient) -> None:
    found = tried(patient, failing("shape", RuntimeError("CUDA error: device-side assert triggered")))
    assert list(found) == ["Find", "Cut out", "Shape"]
    assert found["Cut out"].level is Level.GOOD
    assert (found["Shape"].level, found["Shape"].action) == (Level.PROBLEM, Action.RESTART_BACKEND)
    assert found["Shape"].sentence.startswith("The graphics card stopped") and "device-side" in found["Shape"].detail


def test_a_search_that_fails_is_told_once(patient: Patient) -> None:
    found = tried(patient, failing("locate", MemoryError()))
    assert list(found) == ["Find"]
    assert (found["Find"].level, found["Find"].action) == (Level.PROBLEM, Action.SMALL_MEMORY)


def test_a_search_that_sees_nothing_in_the_test_picture_has_worked(patient: Patient) -> None:
    found = tried(patient, no_trap)
    assert found["Find"].level is Level.NOTE and "red ball" in found["Find"].sentence
    assert [found[stage].level for stage in ("Cut out", "Shape", "Paint")] == [Level.GOOD] * 3


def test_a_model_that_does_not_fit_is_not_downloaded_again(patient: Patient) -> None:
    shape = tried(patient, failing("shape", unfit("2 missing: a, b")))["Shape"]
    assert shape.action is Action.COPY_REPORT and not any(word in shape.sentence for word in ("Verify", "Download", "damaged"))


def test_an_unknown_failure_points_to_the_log(patient: Patient) -> None:
    found = tried(patient, failing("paint", ValueError("shapes (3,) and (4,)")))
    assert found["Paint"].action is Action.OPEN_LOG and "shapes (3,)" not in found["Paint"].sentence


def test_trials_that_cannot_begin(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryDirectory", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    finding = of(patient.look(try_stages=True), "Stages")
    assert (finding.level, finding.action) == (Level.PROBLEM, Action.CHOOSE_FOLDER)


# --- the report and the command -------------------------------------------------------------------------------------


def test_a_report_that_names_nobody(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/home/annabel/miniconda/bin/python")
    monkeypatch.setattr(memory, "peak_bytes", lambda: 1)
    patient.look()
    last = patient.told[-1]
    assert isinstance(last, Diagnosed)
    assert "cv2: 4." in last.report and "annabel" not in last.report and "/miniconda/bin/python" in last.report


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["doctor", "--models", str(tmp_path / "models"), "--out", str(tmp_path)]
    assert run([*arguments, "--report"]) == 0
    out = capsys.readouterr().out
    assert "good     Folder for results: " in out and "cv2: 4." in out
    (tmp_path / "models").write_text("not a folder")
    assert run(arguments) == 1
    assert "PROBLEM  Folder for models: " in capsys.readouterr().out


@pytest.mark.parametrize(("lock", "level"), [(None, Level.NOTE), ("no table", Level.PROBLEM)])
def test_a_cut_out_network_that_is_not_there_or_damaged(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str | None, level: Level
) -> None:
    from img23d_backend.engines.isnet import network_file

    folder = tmp_path / "networks"
    folder.mkdir()
    if lock is not None:
        (folder / "networks.lock.toml").write_text(lock)
    monkeypatch.setattr(network_file.installed, "__defaults__", (folder,))
    (finding,) = (one for one in patient.look() if one.what == "Cut-out network")
    assert finding.level is level
    assert ("light-weight" if lock is None else "install Img23D again") in finding.sentence
