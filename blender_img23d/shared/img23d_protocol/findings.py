"""Findings: what was checked, how it is, and the one thing to do about it; for the doctor and for the forecast."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .options.settings import Settings


class Level(StrEnum):
    """How bad it is, the worst last."""

    GOOD = "good"
    NOTE = "note"  # worth knowing, nothing to do
    WARNING = "warning"  # works, slower or not for long
    PROBLEM = "problem"  # does not work


class Action(StrEnum):
    """The one button that helps; the extension knows which operator that is."""

    NONE = ""
    SET_UP = "set_up"  # the environment and the models
    DOWNLOAD = "download"  # the models that the settings need
    FREE_MEMORY = "free_memory"
    SMALL_MEMORY = "small_memory"  # turn the preference on
    LOWER_QUALITY = "lower_quality"  # the next lower preset
    USE_PREVIEW = "use_preview"  # the engine that needs nothing
    USE_PROCESSOR = "use_processor"
    UPDATE_DRIVER = "update_driver"  # of the graphics card, on its maker's page
    CHOOSE_FOLDER = "choose_folder"  # for the runs, in the preferences
    PREFERENCES = "preferences"
    ALLOW_ONLINE = "allow_online"
    OPEN_LOG = "open_log"
    COPY_REPORT = "copy_report"  # for what only an update of the extension mends
    RESTART_BACKEND = "restart_backend"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`what` is two or three words ("Graphics card"), `sentence` one for the artist; `detail` goes into the report only."""

    what: str
    level: Level
    sentence: str
    action: Action = Action.NONE
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Diagnose:
    """Look at everything; with `try_stages` each stage that is set up also works on a tiny input, which loads its model.

    `run_folder` is the folder for runs, to be written to once; `settings` say which models are asked for.
    """

    job: str
    run_folder: str = ""
    try_stages: bool = False
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """`report` is plain text of several lines, without anything that names a person."""

    job: str
    report: str
    findings: tuple[Finding, ...] = ()
