"""Hunyuan3D's rows: shape models of three repositories, each in three speeds, their decoders and the painters."""

from __future__ import annotations

from dataclasses import dataclass

from img23d_protocol.choices import TENCENT_LICENCE, TENCENT_LICENCE_LINK
from img23d_protocol.messages import Stage
from img23d_protocol.options.declare import Choice
from img23d_protocol.options.hunyuan3d import PAINT_DELIGHT, PAINTERS, SHAPE_MODELS, SPEEDS, shape_set

from .row import WeightSet

TENCENT_TERRITORY = "the European Union, the United Kingdom and South Korea"
SHAPE_FILES = ("config.yaml", "model.fp16.safetensors")
PAINT_FILES = (
    "scheduler/scheduler_config.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
)
TURBO_PAINT_FILES = (*PAINT_FILES[:-1], "vae/diffusion_pytorch_model.bin")  # this VAE is published as a pickle only
DELIGHT_FILES = (
    *PAINT_FILES,
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
)


@dataclass(frozen=True, kw_only=True)
class _Repository:
    name: str
    revision: str
    subfolder: str  # of the standard shape model; the others have the speed at its end
    size_bytes: int  # of that standard model


_MINI = _Repository(
    name="Hunyuan3D-2mini",
    revision="f90a0f7df7d5e6f71109cf333f6a95a0ae3194a6",
    subfolder="hunyuan3d-dit-v2-mini",
    size_bytes=3_819_959_862,
)
_LARGE = _Repository(
    name="Hunyuan3D-2",
    revision="9cd649ba6913f7a852e3286bad86bfa9a2d83dcf",
    subfolder="hunyuan3d-dit-v2-0",
    size_bytes=4_928_153_166,
)
_MULTIVIEW = _Repository(
    name="Hunyuan3D-2mv",
    revision="3a761b539b29fe4ff64714813aa9560fd66f5de0",
    subfolder="hunyuan3d-dit-v2-mv",
    size_bytes=4_928_153_170,
)
_SUFFIXES = {"turbo": "-turbo", "fast": "-fast", "standard": ""}
_EMBEDDED_GUIDANCE = 2_626_027  # bytes that the guidance inside adds to a model: exactly for 2.0 turbo


def _shape(choice: Choice, repository: _Repository, speed: Choice) -> WeightSet:
    return _tencent(
        id=shape_set(choice[0], speed[0]),
        label=f"{choice[1]} {speed[1]}",
        stage=Stage.SHAPE,
        repository=repository,
        subfolder=repository.subfolder + _SUFFIXES[speed[0]],
        names=SHAPE_FILES,
        size_bytes=repository.size_bytes + (_EMBEDDED_GUIDANCE if _SUFFIXES[speed[0]] else 0),
        note=f"{choice[2]}. {speed[2]}.",
    )


def _vae(id: str, label: str, repository: _Repository, subfolder: str, size_bytes: int, note: str) -> WeightSet:
    return _tencent(
        id=id,
        label=label,
        stage=Stage.SHAPE,
        repository=repository,
        subfolder=subfolder,
        names=SHAPE_FILES,
        size_bytes=size_bytes,
        note=note,
        is_addition=True,
    )


def _paint(choice: Choice, subfolder: str, names: tuple[str, ...], size_bytes: int, memory_bytes: int) -> WeightSet:
    return _tencent(
        id=choice[0],
        label=choice[1],
        stage=Stage.PAINT,
        repository=_LARGE,
        subfolder=subfolder,
        names=names,
        size_bytes=size_bytes,
        memory_bytes=memory_bytes,
        note=choice[2],
        is_addition=choice[0] == PAINT_DELIGHT,
    )


def _tencent(
    *,
    id: str,
    label: str,
    stage: Stage,
    repository: _Repository,
    subfolder: str,
    names: tuple[str, ...],
    size_bytes: int,
    note: str,
    memory_bytes: int = 0,  # the same as on the disk
    is_addition: bool = False,
) -> WeightSet:
    files = tuple(f"{subfolder}/{name}" for name in names)
    return WeightSet(
        id=id,
        label=label,
        stage=stage,
        repository=f"tencent/{repository.name}",
        revision=repository.revision,
        files=files,
        required=files,
        subfolder=subfolder,
        size_bytes=size_bytes,
        memory_bytes=memory_bytes or size_bytes,
        licence="Tencent Hunyuan 3D 2.0 Community License",
        licence_link=TENCENT_LICENCE_LINK,
        must_accept=TENCENT_LICENCE,
        excluded_territory=TENCENT_TERRITORY,  # its section 5c
        card_licence="other",
        is_addition=is_addition,
        note=note,
    )


_INSIDE = "The decoder by itself; each shape model has one inside"
_FASTER = "A smaller decoder that is faster on large volumes"
_DELIGHT: Choice = (PAINT_DELIGHT, "Hunyuan3D Delight", "Takes light and shadow out of the picture")

HUNYUAN3D_SETS: tuple[WeightSet, ...] = (
    *(_shape(choice, repository, speed) for choice, repository in zip(SHAPE_MODELS, (_MINI, _LARGE, _MULTIVIEW), strict=True) for speed in SPEEDS),
    _vae(
        "hunyuan3d-2mini-vae-turbo",
        "Hunyuan3D 2 mini turbo decoder",
        _MINI,
        "hunyuan3d-vae-v2-mini-turbo",
        407_410_402,
        _FASTER,
    ),
    _vae("hunyuan3d-2mini-vae", "Hunyuan3D 2 mini decoder", _MINI, "hunyuan3d-vae-v2-mini", 428_455_666, _INSIDE),
    _vae(
        "hunyuan3d-2-vae-turbo",
        "Hunyuan3D 2.0 turbo decoder",
        _LARGE,
        "hunyuan3d-vae-v2-0-turbo",
        407_000_000,
        _FASTER,
    ),
    _vae("hunyuan3d-2-vae", "Hunyuan3D 2.0 decoder", _LARGE, "hunyuan3d-vae-v2-0", 428_000_000, _INSIDE),
    # The turbo painter's VAE is stored in 32 bits; the delight model's text encoder is never on the device.
    _paint(_DELIGHT, "hunyuan3d-delight-v2-0", DELIGHT_FILES, 2_581_700_000, 1_900_000_000),
    _paint(PAINTERS[0], "hunyuan3d-paint-v2-0", PAINT_FILES, 3_829_973_000, 3_829_973_000),
    _paint(PAINTERS[1], "hunyuan3d-paint-v2-0-turbo", TURBO_PAINT_FILES, 4_056_870_000, 3_890_000_000),
)
