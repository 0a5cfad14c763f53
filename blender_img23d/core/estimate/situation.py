"""What is known of a run before it is begun, and where its stages compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...shared.img23d_protocol.messages import DeviceInfo, EngineInfo, EnginePace, Generate, Stage, WeightsInfo
from ..jobs import Job

PROCESSOR = "cpu"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known when Generate would be pressed. Bytes.

    `request` has the things to be made in `wanted`, none for the whole picture. `missing` are the labels of file sets that the
    settings need and that are not downloaded, `missing_bytes` their size.
    """

    request: Generate
    devices: Sequence[DeviceInfo] = ()  # the best first
    engines: Sequence[EngineInfo] = ()
    weights: Sequence[WeightsInfo] = ()
    past: Sequence[Job] = ()  # of the machine that works, newest first
    paces: Sequence[EnginePace] = ()  # of all jobs of another machine, where that works
    missing: tuple[str, ...] = ()
    missing_bytes: int = 0
    is_environment_ready: bool = True
    holds_models: bool = False  # the backend still has those of the last run
    can_lower: bool = False  # there is a lower preset of quality
    free_disk: int | None = None  # of the runs' folder, None where nobody knows

    @property
    def count(self) -> int:
        return max(len(self.request.wanted), 1) * self.request.variants


@dataclass(frozen=True, kw_only=True)
class StagePlan:
    """Where a stage computes and how much memory it needs there."""

    stage: Stage
    device: DeviceInfo | None  # None before the backend has told what there is
    needed_bytes: int
    is_learned: bool
