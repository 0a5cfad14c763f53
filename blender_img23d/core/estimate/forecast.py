"""What a run will take, before it is begun: device, memory, time, disk, and what is short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto

from ...shared.img23d_protocol.choices import AUTO_DEVICE
from ...shared.img23d_protocol.messages import DeviceInfo, Finding
from ...shared.img23d_protocol.options.settings import engine_named, heeded_options
from .memory_need import is_learned, needed_bytes, on_processor
from .run_statistics import Pace, alike, pace_of_all
from .shortages import find_shortages
from .situation import PROCESSOR, Situation, StagePlan

# Bytes that a run writes for each target, measured from runs and rounded up: cut-out and small pictures, then each face of the
# plain and the painted mesh, then each pixel of a texture as PNG
_A_TARGET, _A_FACE, _A_PIXEL = 700_000, 60, 2
_UNREDUCED = 1_000_000  # faces of a shape that is left as the model made it, about


class Basis(StrEnum):
    """Where the time is known from."""

    SAME_RUNS = auto()
    SIMILAR_RUNS = auto()
    DEVICE = auto()  # its note says it, measured and counted by the backend
    NOTHING = auto()


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """`device` is a name to read, of where most of the work is done; `note` is what its backend says about its speed.

    `needed_bytes` and `free_bytes` are that device's, `seconds` the whole run's. The worst finding comes first.
    """

    count: int = 1
    stages: tuple[StagePlan, ...] = ()
    device: str = ""
    is_processor: bool = True
    note: str = ""
    needed_bytes: int = 0
    free_bytes: int = 0
    seconds: float | None = None
    basis: Basis = Basis.NOTHING
    pace: Pace | None = None  # of the runs alike, for the time left while it runs
    disk_bytes: int = 0
    findings: tuple[Finding, ...] = field(default=())

    @property
    def is_from_past(self) -> bool:
        return self.basis in (Basis.SAME_RUNS, Basis.SIMILAR_RUNS)


def forecast(situation: Situation) -> Forecast:
    stages = _stages(situation)
    main = max(stages, key=lambda plan: (_is_card(plan), plan.needed_bytes))
    runs, is_same = alike(situation.request, situation.past)
    pace, device = pace_of_all(runs), main.device
    basis = Basis.SAME_RUNS if is_same else Basis.SIMILAR_RUNS
    told = None if pace is not None else next((one.seconds for one in situation.paces if one.engine == situation.request.engine), None)
    if pace is None and told is None:
        basis = Basis.DEVICE if device is not None and device.note and main.is_learned and engine_named(situation.request.engine).is_timed else Basis.NOTHING
    disk_bytes = _disk_bytes(situation)
    return Forecast(
        count=situation.count,
        stages=stages,
        device=device.label if device is not None else "",
        is_processor=not _is_card(main),
        note=device.note if device is not None else "",
        needed_bytes=main.needed_bytes,
        free_bytes=device.free_bytes if device is not None else 0,
        seconds=pace.seconds(situation.count) if pace is not None else told and told * situation.count,
        basis=basis,
        pace=pace,
        disk_bytes=disk_bytes,
        findings=find_shortages(situation, stages, disk_bytes),
    )


def _stages(situation: Situation) -> tuple[StagePlan, ...]:
    request, settings = situation.request, situation.request.settings
    needs = needed_bytes(request.engine, settings, situation.weights)
    plans = []
    for stage, needed in needs.items():
        learned = is_learned(request.engine, stage, settings)
        choice = getattr(settings.machine.devices, stage) if learned else PROCESSOR
        device = _chosen(choice, situation.devices)
        is_as_said = not learned or device is None or device.id != PROCESSOR
        plans.append(
            StagePlan(
                stage=stage,
                device=device,
                needed_bytes=needed if is_as_said else on_processor(needed),
                is_learned=learned,
            )
        )
    return tuple(plans)


def _chosen(choice: str, devices: Sequence[DeviceInfo]) -> DeviceInfo | None:
    if choice == AUTO_DEVICE:
        return devices[0] if devices else None
    return next((device for device in devices if device.id == choice), None)


def _is_card(plan: StagePlan) -> bool:
    return plan.device is not None and plan.device.id != PROCESSOR


def _disk_bytes(situation: Situation) -> int:
    settings, engine = situation.request.settings, situation.request.engine
    faces = max((settings.value(one.key) or _UNREDUCED for one in heeded_options(engine_named(engine)) if one.is_faces), default=_UNREDUCED)
    pixels = settings.common.texture_size**2 if situation.request.is_painted else 0
    return situation.count * (_A_TARGET + faces * _A_FACE + pixels * _A_PIXEL)
