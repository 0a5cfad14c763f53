"""The session's updates for whoever applies them."""

from __future__ import annotations

from dataclasses import dataclass

from ...shared.img23d_protocol.messages import FromBackend
from ..jobs import Job


@dataclass(frozen=True, kw_only=True)
class Update:
    """Something the scene or the panel must apply.

    `message` is one of Located, CutoutReady, FormsReady, PictureReady, ResultReady, PreviewReady, Arranged, UvReady, PaintReady, DivisionReady, LidsReady,
    TargetFailed, TargetCancelled, Diagnosed, and as the last of a job exactly one of Finished, Cancelled, Failed. The job's own fields are
    already up to date.
    """

    job: Job
    message: FromBackend
