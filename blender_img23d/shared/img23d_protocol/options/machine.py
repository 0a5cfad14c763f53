"""What a run may use of this computer: it stands in the preferences, not in the scene."""

from __future__ import annotations

from dataclasses import field

from ..choices import AUTO_DEVICE, DEVICES
from .declare import Options, StageOptions, option


def _device(stage: str, label: str, tip: str) -> str:
    return option(
        AUTO_DEVICE,
        label=label,
        tip=tip,
        subject=f"the device to {stage}",
        choices=DEVICES,
        key=f"{stage}_device",
        is_machine=True,
    )


class StageDevices(Options):
    """Where each stage computes: "auto", "gpu" (the first), "gpu:1" and so on, or "cpu". A field for each of `stages.Stage`; those that
    no engine has yet are no options."""

    edit: str = _device("edit", "Clean", "What computes the stage Clean")
    locate: str = _device("locate", "Find", "What computes the stage Find")
    matte: str = _device("matte", "Cut Out", "What computes the stage Cut Out")
    shape: str = _device("shape", "Shape", "What computes the stage Shape")
    split: str = _device("split", "Split", "What computes the stage Split")
    paint: str = _device("paint", "Paint", "What computes the stage Paint")


class Machine(StageOptions):
    """Memory, and what computes."""

    small_memory: bool = option(
        False,
        label="Small Memory (Below 4 GB)",
        tip="Keep the models' use of the graphics card below 4 GB: slower, for small cards and full scenes",
        flag="--small-memory",
        help="stay below 4 GB on the graphics card, slower",
        cost=1,
        is_machine=True,
    )
    devices: StageDevices = field(default_factory=StageDevices)
