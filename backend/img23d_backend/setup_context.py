"""The interface that the steps of a set-up report to. Standard library only: a set-up begins where nothing is installed yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from img23d_protocol.setup_messages import SetupStep


class JobCancelled(Exception):
    """Raised where a job reports to, when the artist has cancelled."""


class TargetCancelled(JobCancelled):
    """Raised where a target's step reports to, when the artist has stopped this one and wants the others."""


def _silent(*_: object) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Bytes:
    """How far a download is."""

    done: int = 0
    total: int = 0
    per_second: float = 0.0


class ReportSetup(Protocol):
    def __call__(self, step: SetupStep, fraction: float, note: str, amount: Bytes = ..., /) -> None: ...


@dataclass(frozen=True, kw_only=True)
class SetupContext:
    """`report` takes (step, fraction of the whole job 0..1, note, bytes) and may raise JobCancelled.

    Call it at least every half second, also where nothing moves: it is where a cancel is seen. It is cheap: what comes too
    often is not sent on.
    """

    report: ReportSetup = field(default=_silent)
    notify: Callable[[str], None] = field(default=_silent)  # a sentence the artist should read, once
