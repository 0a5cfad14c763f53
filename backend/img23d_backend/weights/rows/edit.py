"""The models that edit pictures."""

from __future__ import annotations

from img23d_protocol.messages import Stage
from img23d_protocol.options.edit import EDITORS, KLEIN, STEPS

from .row import APACHE, WeightSet

_NETWORKS = (
    *("model_index.json", "scheduler/scheduler_config.json", "transformer/config.json", "vae/config.json"),
    *("vae/diffusion_pytorch_model.safetensors", "text_encoder/config.json", "text_encoder/model*.safetensors", "text_encoder/model.safetensors.index.json"),
)
KLEIN_FILES = (*_NETWORKS, "transformer/diffusion_pytorch_model.safetensors", "tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json")
QWEN_EDIT_FILES = (
    *_NETWORKS,
    *("transformer/diffusion_pytorch_model*.safetensors", "transformer/diffusion_pytorch_model.safetensors.index.json"),
    *("processor/preprocessor_config.json", "processor/tokenizer.json"),
)
_QWEN_COMMITS = {
    "qwen-image-edit-2509": "d3968ef930e841f4c73640fb8afa3b306a78167e",
    "qwen-image-edit-2511": "6f3ccc0b56e431dc6a0c2b2039706d7d26f22cb9",
}
_LIGHTNING = {  # repository, commit, what the file's name begins with
    "qwen-image-edit-2509": ("Qwen-Image-Lightning", "e74da8d4e71a54b341de86aa9f8d2509165aa513", "Qwen-Image-Edit-2509/Qwen-Image-Edit-2509-Lightning"),
    "qwen-image-edit-2511": ("Qwen-Image-Edit-2511-Lightning", "d74eba145674fd7e31b949324e148e21e7118abd", "Qwen-Image-Edit-2511-Lightning"),
}
_QWEN_BYTES, _LIGHTNING_BYTES = 57_710_970_000, 849_608_296
_LARGEST_BYTES = 40_861_028_288  # of the transformer: the language model leaves the device before it comes


def _qwen(identifier: str, label: str) -> WeightSet:
    return WeightSet(
        id=identifier,
        label=label,
        stage=Stage.EDIT,
        repository=f"Qwen/Qwen-Image-Edit-{identifier.rpartition('-')[2]}",
        revision=_QWEN_COMMITS[identifier],
        files=QWEN_EDIT_FILES,
        required=tuple(name for name in QWEN_EDIT_FILES if not name.endswith(".index.json")),
        size_bytes=_QWEN_BYTES,
        memory_bytes=_LARGEST_BYTES,
        note="Cleans pictures before anything is looked for in them",
        **APACHE,
    )


def _lightning(identifier: str, label: str, steps: str) -> WeightSet:
    repository, commit, begin = _LIGHTNING[identifier]
    name = f"{begin}-{steps}steps-V1.0-bf16.safetensors"
    return WeightSet(
        id=f"{identifier}-lightning-{steps}",
        label=f"{label} Lightning, {steps} steps",
        stage=Stage.EDIT,
        repository=f"lightx2v/{repository}",
        revision=commit,
        files=(name,),
        required=(name,),
        size_bytes=_LIGHTNING_BYTES,
        memory_bytes=_LIGHTNING_BYTES,
        is_addition=True,
        note=f"Lets {label} draw in {steps} steps",
        **APACHE,
    )


EDIT_SETS: tuple[WeightSet, ...] = (
    WeightSet(
        id=KLEIN,
        label=EDITORS[0][1],
        stage=Stage.EDIT,
        repository="black-forest-labs/FLUX.2-klein-4B",
        revision="e7b7dc27f91deacad38e78976d1f2b499d76a294",
        files=KLEIN_FILES,
        required=tuple(name for name in KLEIN_FILES if not name.endswith((".index.json", "tokenizer_config.json"))),
        size_bytes=15_975_677_357,
        memory_bytes=7_751_109_744,  # the largest network's: the text encoder computes alone, and once a text
        note="Cleans pictures before anything is looked for in them; may be used everywhere",
        **APACHE,
    ),
    *(_qwen(identifier, label) for identifier, label, _ in EDITORS[1:]),
    *(_lightning(identifier, label, steps) for identifier, label, _ in EDITORS[1:] for steps, _, _ in STEPS),
)
