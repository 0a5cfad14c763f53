"""Every file set of learned weights: where it comes from, which files of it are fetched, its licence, what it is for.

The revisions are commits: what the hub's main branch is tomorrow is nobody's promise. They and the sizes were read from
public projects that pin the same files, several for each commit, and not from the hub itself; which sizes are known to the
byte `is_size_exact` says. What counts is what the hub answers for that commit: it gives the true sizes and hashes, which are
checked and recorded (`record.py`).
"""

from __future__ import annotations

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import INSTANTMESH_LICENCE, INSTANTMESH_LICENCE_LINK
from img23d_protocol.messages import Stage
from img23d_protocol.options.camera import DEPTH_MODEL
from img23d_protocol.options.declare import Choice
from img23d_protocol.options.instantmesh import RECONSTRUCTIONS, VIEWS, ZERO123PLUS
from img23d_protocol.options.light import TRIPOSR
from img23d_protocol.options.matte import MATTERS
from img23d_protocol.options.search import GROUNDERS
from img23d_protocol.options.trellis import FILE_SET, IMAGE_ENCODER
from img23d_protocol.options.triposg import FILE_SET as TRIPOSG

from .rows.autopartgen import AUTOPARTGEN_SETS
from .rows.edit import EDIT_SETS
from .rows.hunyuan3d import HUNYUAN3D_SETS
from .rows.parts import PARTS_SETS
from .rows.row import APACHE
from .rows.row import WeightSet as WeightSet

# Which of a repository's files are fetched, by patterns of their paths. Never code, and a pickle only where the same
# weights are published in no other form: torch's reader that runs no code opens it (`models/loading.py`). A repository's
# other files stay where they are. `*` does not cross a slash.
QWEN_FILES = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.json",
    "chat_template.jinja",
    "*.safetensors",
    "model.safetensors.index.json",
)
BIREFNET_FILES = ("config.json", "model.safetensors")
TRIPOSR_FILES = ("config.yaml", "model.ckpt")  # published as a pickle only
TRIPOSG_FILES = (
    *("transformer/config.json", "transformer/diffusion_pytorch_model.safetensors", "vae/config.json", "vae/diffusion_pytorch_model.safetensors"),
    *("scheduler/scheduler_config.json", "feature_extractor_dinov2/preprocessor_config.json"),
    *("image_encoder_dinov2/config.json", "image_encoder_dinov2/model.safetensors"),
)
INSTANTMESH_REVISION = "b785b4ecfb6636ef34a08c748f96f6a5686244d0"
# Its own network that draws views lies in another repository: these are what that works with. The text encoder is needed once
ZERO123PLUS_FILES = (
    *("model_index.json", "scheduler/scheduler_config.json", "unet/config.json"),
    *("vae/config.json", "vae/diffusion_pytorch_model.safetensors", "vision_encoder/config.json", "vision_encoder/model.safetensors"),
    *("text_encoder/config.json", "text_encoder/model.safetensors"),
    *("tokenizer/special_tokens_map.json", "tokenizer/tokenizer_config.json", "tokenizer/vocab.json"),
)
_TRELLIS_NETWORKS = (
    *("ss_flow_img_dit_L_16l8_fp16", "ss_dec_conv3d_16l8_fp16", "slat_flow_img_dit_L_64l8p2_fp16"),
    *("slat_dec_gs_swin8_B_64l8gs32_fp16", "slat_dec_mesh_swin8_B_64l8m256c_fp16"),
)
TRELLIS_FILES = ("pipeline.json", *(f"ckpts/{name}{ending}" for name in _TRELLIS_NETWORKS for ending in (".json", ".safetensors")))
LLMDET_FILES = (
    *("config.json", "preprocessor_config.json", "model.safetensors"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"),
)
LLMDET_REQUIRED = LLMDET_FILES[:4]
QWEN_REQUIRED = ("config.json", "preprocessor_config.json", "tokenizer_config.json", "*.safetensors")
# In a repository's root, in upper or lower case: kept beside the weights.
NOTICE_FILES = tuple(name + suffix for name in ("licen[cs]e", "notice") for suffix in ("", ".txt", ".md"))


def _qwen(choice: Choice, size: str, revision: str, size_bytes: int) -> WeightSet:
    return WeightSet(
        id=choice[0],
        label=choice[1],
        stage=Stage.LOCATE,
        repository=f"Qwen/Qwen3-VL-{size}-Instruct",
        revision=revision,
        files=QWEN_FILES,
        required=QWEN_REQUIRED,
        size_bytes=size_bytes,
        memory_bytes=size_bytes,
        **APACHE,
    )


def _birefnet(choice: Choice, name: str, revision: str, size_bytes: int, memory_bytes: int) -> WeightSet:
    return WeightSet(
        id=choice[0],
        label=choice[1],
        stage=Stage.MATTE,
        repository=f"ZhengPeng7/{name}",
        revision=revision,
        files=BIREFNET_FILES,
        required=BIREFNET_FILES,
        size_bytes=size_bytes,
        memory_bytes=memory_bytes,
        licence="MIT",
        card_licence="mit",
        licence_link="https://github.com/ZhengPeng7/BiRefNet/blob/main/LICENSE",
    )


def _instantmesh(choice: Choice, name: str, size_bytes: int, *, is_addition: bool = False) -> WeightSet:
    """One file, published as a pickle only."""
    return WeightSet(
        id=choice[0],
        label=choice[1],
        stage=Stage.SHAPE,
        repository="TencentARC/InstantMesh",
        revision=INSTANTMESH_REVISION,
        files=(name,),
        required=(name,),
        size_bytes=size_bytes,
        memory_bytes=size_bytes,
        licence="Taken as CC-BY-NC 4.0 (its page: Apache-2.0)",
        card_licence="apache-2.0",
        licence_link=INSTANTMESH_LICENCE_LINK,
        must_accept=INSTANTMESH_LICENCE,
        is_addition=is_addition,
        note=f"{choice[2]}; for non-commercial use",
    )


_VIEWS: Choice = (VIEWS, "InstantMesh views", "Draws six views of a thing")

WEIGHT_SETS: tuple[WeightSet, ...] = (
    _qwen(GROUNDERS[0], "2B", "89644892e4d85e24eaac8bacfd4f463576704203", 4_266_639_921),
    _qwen(GROUNDERS[1], "4B", "ebb281ec70b05090aa6165b016eac8ec08e71b17", 8_887_000_000),
    _qwen(GROUNDERS[2], "8B", "0c351dd01ed87e9c1b53cbc748cba10e6187ff3b", 17_550_000_000),
    WeightSet(
        id=GROUNDERS[3][0],
        label=GROUNDERS[3][1],
        stage=Stage.LOCATE,
        repository="iSEE-Laboratory/llmdet_tiny",
        revision="d05199165a19320a9236396e20fca0a5e065189c",
        files=LLMDET_FILES,
        required=LLMDET_REQUIRED,
        size_bytes=692_970_000,
        memory_bytes=691_700_000,  # it computes in 32 bits
        **APACHE,
    ),
    # The general and the HR weights are stored in 16 bits, the lite ones in 32.
    _birefnet(MATTERS[0], "BiRefNet", "e2bf8e4460fc8fa32bba5ea4d94b3233d367b0e4", 444_473_596, 444_000_000),
    _birefnet(MATTERS[1], "BiRefNet_lite", "aa62cd87eafb9cc43056d08ef3615a14628b831d", 177_634_392, 89_000_000),
    _birefnet(MATTERS[2], "BiRefNet_HR", "a7a562f6fd16021180f2f4348f4de003a2d3d1e1", 444_473_596, 444_000_000),
    WeightSet(
        id=DEPTH_MODEL,
        label="Depth Anything V2 Small",
        stage=Stage.MATTE,
        repository="depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf",  # relative depth does not tell the horizon
        revision="8078d68a9c75a972131914f6afd0c1723be0da7f",
        files=("preprocessor_config.json", *BIREFNET_FILES),
        required=BIREFNET_FILES,
        size_bytes=99_175_160,
        memory_bytes=99_140_356,  # it computes in 32 bits
        is_addition=True,
        is_optional=True,
        note="Tells from the ground how the camera was held, for the layout as in the photo",
        **APACHE,
    ),
    # The repository's other networks, which make radiance fields and latents of known shapes, stay where they are.
    WeightSet(
        id=FILE_SET,
        label="TRELLIS image large",
        stage=Stage.SHAPE,
        repository="microsoft/TRELLIS-image-large",
        revision="25e0d31ffbebe4b5a97464dd851910efc3002d96",
        files=TRELLIS_FILES,
        required=TRELLIS_FILES,
        size_bytes=2_835_480_000,
        memory_bytes=2_835_480_000,
        note="Meshes and Gaussian splats; may be used everywhere",
        licence="MIT",
        card_licence="mit",
        licence_link="https://github.com/microsoft/TRELLIS/blob/main/LICENSE",
    ),
    WeightSet(
        id=IMAGE_ENCODER,
        label="DINOv2 with registers",
        stage=Stage.SHAPE,
        repository="facebook/dinov2-with-registers-large",
        revision="e4c89a4e05589de9b3e188688a303d0f3c04d0f3",
        files=BIREFNET_FILES,
        required=BIREFNET_FILES,
        size_bytes=1_217_540_000,
        memory_bytes=1_217_490_944,  # it computes in 32 bits
        is_addition=True,
        note="Looks at the picture for TRELLIS",
        **APACHE,
    ),
    WeightSet(
        id=TRIPOSR,
        label="TripoSR",
        stage=Stage.SHAPE,
        repository="stabilityai/TripoSR",
        revision="5b521936b01fbe1890f6f9baed0254ab6351c04a",
        files=TRIPOSR_FILES,
        required=TRIPOSR_FILES,
        size_bytes=1_677_247_729,
        memory_bytes=1_677_102_512,  # it computes in 32 bits
        note="Meshes in seconds on any card, and on a processor; may be used everywhere",
        licence="MIT",
        card_licence="mit",
        licence_link="https://github.com/VAST-AI-Research/TripoSR/blob/main/LICENSE",
    ),
    # Stored in 32 bits; the decoder's other half, which encodes surfaces, is never on the device
    WeightSet(
        id=TRIPOSG,
        label="TripoSG",
        stage=Stage.SHAPE,
        repository="VAST-AI/TripoSG",
        revision="2c1c516d22d58db486a058d98d31bb6177344e06",
        files=TRIPOSG_FILES,
        required=TRIPOSG_FILES,
        size_bytes=7_946_490_000,
        memory_bytes=3_916_000_000,
        note="Meshes with fine detail; may be used everywhere",
        licence="MIT",
        card_licence="mit",
        licence_link="https://github.com/VAST-AI-Research/TripoSG/blob/main/LICENSE",
    ),
    _instantmesh(RECONSTRUCTIONS[0], "instant_mesh_large.ckpt", 1_514_820_000),
    _instantmesh(RECONSTRUCTIONS[1], "instant_mesh_base.ckpt", 1_253_574_354),
    _instantmesh(RECONSTRUCTIONS[2], "instant_nerf_large.ckpt", 1_514_090_000),
    _instantmesh(RECONSTRUCTIONS[3], "instant_nerf_base.ckpt", 1_253_160_000),
    _instantmesh(_VIEWS, "diffusion_pytorch_model.bin", 1_732_070_000, is_addition=True),
    WeightSet(
        id=ZERO123PLUS,
        label="Zero123++ v1.2",
        stage=Stage.SHAPE,
        repository="sudo-ai/zero123plus-v1.2",
        revision="2da07e89919e1a130c9b5add1584c70c7aa065fd",
        files=ZERO123PLUS_FILES,
        required=ZERO123PLUS_FILES,
        size_bytes=2_113_500_000,
        memory_bytes=1_431_500_000,  # the text encoder is never on the device
        licence="CC-BY-NC 4.0",
        licence_link=INSTANTMESH_LICENCE_LINK,
        must_accept=INSTANTMESH_LICENCE,
        is_addition=True,
        note="Looks at the picture for InstantMesh; for non-commercial use",
    ),
    *HUNYUAN3D_SETS,
    *EDIT_SETS,
    *AUTOPARTGEN_SETS,
    *PARTS_SETS,
)


def weight_set(id: str) -> WeightSet:
    """The row of that id. Raises Img23DError(BAD_REQUEST)."""
    for row in WEIGHT_SETS:
        if row.id == id:
            return row
    known = ", ".join(row.id for row in WEIGHT_SETS)
    raise Img23DError(ErrorCode.BAD_REQUEST, f"There are no weights called “{id}”; there are: {known}.")
