"""The rows of what makes parts, in diffusers' folders: PartCrafter and HoloPart."""

from __future__ import annotations

from img23d_protocol.messages import Stage
from img23d_protocol.options.parts.holopart import HOLOPART
from img23d_protocol.options.parts.partcrafter import PARTCRAFTER

from .row import WeightSet

_WEIGHTS = "diffusion_pytorch_model.safetensors"
_COMMON = ("scheduler/scheduler_config.json", *(f"{network}/{name}" for network in ("transformer", "vae") for name in ("config.json", _WEIGHTS)))
PARTCRAFTER_FILES = (
    *_COMMON,
    *("image_encoder_dinov2/config.json", "image_encoder_dinov2/model.safetensors", "feature_extractor_dinov2/preprocessor_config.json"),
)
HOLOPART_FILES = (*_COMMON, "part_encoder/config.json", f"part_encoder/{_WEIGHTS}")

PARTS_SETS: tuple[WeightSet, ...] = (
    WeightSet(
        id=PARTCRAFTER,
        label="PartCrafter",
        stage=Stage.SPLIT,
        repository="wgsxm/PartCrafter",
        revision="69a0ffc1dad5e48e7e5ed91c0609f2b1276eb31f",
        files=PARTCRAFTER_FILES,
        required=PARTCRAFTER_FILES,
        size_bytes=3_973_450_000,
        memory_bytes=3_973_304_706,
        licence="MIT",
        licence_link="https://github.com/wgsxm/PartCrafter/blob/main/LICENSE",
        card_licence="mit",
        asks_card=True,
        note="Makes the parts of what a picture shows; may be used everywhere",
    ),
    # Nobody was found who pins a commit: the newest one is taken at the first download, and stays. Whether its page names a licence was not seen
    # either, only that the program's repository is under MIT: the page is asked before anything is fetched.
    WeightSet(
        id=HOLOPART,
        label="HoloPart",
        stage=Stage.SPLIT,
        repository="VAST-AI/HoloPart",
        revision="main",
        files=HOLOPART_FILES,
        required=HOLOPART_FILES,
        size_bytes=3_830_780_000,
        memory_bytes=3_830_635_394,
        licence="MIT",
        licence_link="https://github.com/VAST-AI-Research/HoloPart/blob/main/LICENSE",
        card_licence="mit",
        asks_card=True,
        note="Makes whole parts of a mesh's pieces; comes only while its page names the MIT licence",
    ),
)
