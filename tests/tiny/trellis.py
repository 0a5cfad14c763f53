"""A tiny TRELLIS checkpoint that makes the plain photo's things of their pictures.

No latents are given by anyone, so they are chosen here: the structure's are signed distances on a grid twice as fine, a voxel's are its
distance to the surface, the surface's normal and the colour. The decoders learn what these mean with solids of all kinds, the flows with
the image encoder the way from noise to those of the thing in the picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d, binary_cross_entropy_with_logits, grid_sample, group_norm, layer_norm, normalize

from . import dinov2
from .inflated import FINE, Paint, Solid, paint, picture, solid, things

ENCODER = "dinov2-with-registers-large"
GRID = 32  # voxels a side; the structure's latents are 8 a side, the surface's cubes 128
_COARSE = GRID // 4
_CHILDREN = 4  # cubes along a voxel's side
_SIDE, _PATCH, _WIDTH = 112, 14, 64  # of the picture, and of its tokens
_NEAR = 1.0 / GRID  # voxels whose middle is so near the surface are there
_GAUSSIANS = 8  # a voxel
_SOLIDS = 100
_OFTEN = 6  # times as often as another solid the plain photo's things are decoded, which are to come out well

# As the published pipeline.json has them
MEAN = (-2.16875, -0.004347, -0.133523, -0.084181, -0.527121, 0.723869, -1.141445, 1.203936)
DEVIATION = (2.377651, 2.386378, 2.124418, 2.174855, 2.663945, 2.371192, 2.621745, 2.684523)
_SAMPLER = {
    "name": "FlowEulerGuidanceIntervalSampler",
    "args": {"sigma_min": 1e-5},
    "params": {"steps": 25, "cfg_strength": 5.0, "cfg_interval": [0.5, 1.0], "rescale_t": 3.0},
}
_PIPELINE = {
    "name": "TrellisImageTo3DPipeline",
    "args": {
        "sparse_structure_sampler": _SAMPLER,
        "slat_sampler": _SAMPLER,
        "slat_normalization": {"mean": list(MEAN), "std": list(DEVIATION)},
    },
}
_FLOW = {
    "in_channels": 8, "out_channels": 8, "model_channels": 64, "cond_channels": _WIDTH, "num_blocks": 2, "num_heads": 4, "mlp_ratio": 4,
    "pe_mode": "ape", "qk_rms_norm": True, "use_fp16": True,
}  # fmt: skip
_DECODER = {
    "resolution": GRID, "latent_channels": 8, "num_blocks": 1, "num_heads": 4, "mlp_ratio": 4, "attn_mode": "swin", "window_size": 8, "use_fp16": True,
}  # fmt: skip
_SPLATS = {
    "lr": {"_xyz": 1.0, "_features_dc": 1.0, "_opacity": 1.0, "_scaling": 1.0, "_rotation": 0.1}, "perturb_offset": True, "voxel_size": 1.5,
    "num_gaussians": _GAUSSIANS, "2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.0009, "scaling_bias": 0.004, "opacity_bias": 0.1,
    "scaling_activation": "softplus",
}  # fmt: skip
# By the names of the published files
CONFIGS = {
    "ss_flow_img_dit_L_16l8_fp16": {"name": "SparseStructureFlowModel", "args": _FLOW | {"resolution": _COARSE, "patch_size": 1}},
    "ss_dec_conv3d_16l8_fp16": {
        "name": "SparseStructureDecoder",
        "args": {"out_channels": 1, "latent_channels": 8, "num_res_blocks": 1, "num_res_blocks_middle": 1, "channels": [32, 16, 8]},
    },
    "slat_flow_img_dit_L_64l8p2_fp16": {
        "name": "ElasticSLatFlowModel",
        "args": _FLOW | {"resolution": GRID, "patch_size": 2, "num_io_res_blocks": 2, "io_block_channels": [32]},
    },
    "slat_dec_gs_swin8_B_64l8gs32_fp16": {"name": "ElasticSLatGaussianDecoder", "args": _DECODER | {"model_channels": 64, "representation_config": _SPLATS}},
    "slat_dec_mesh_swin8_B_64l8m256c_fp16": {
        "name": "ElasticSLatMeshDecoder",
        "args": _DECODER | {"model_channels": 256, "representation_config": {"use_color": True}},  # its norms have groups of 32
    },
}
STRUCTURE_FLOW, STRUCTURE_DECODER, LATENT_FLOW, SPLAT_DECODER, MESH_DECODER = CONFIGS
_DINO = {"hidden_size": _WIDTH, "num_hidden_layers": 1, "num_attention_heads": 4, "image_size": _SIDE, "patch_size": _PATCH, "num_register_tokens": 4}


def make(folder: Path) -> None:
    """Writes the files of one of the two sets, as the folder is called; both come from one training of about seven minutes."""
    networks = _trained()
    if folder.name == ENCODER:
        _save_encoder(folder, networks[ENCODER])
        return
    (folder / "ckpts").mkdir()
    (folder / "pipeline.json").write_text(json.dumps(_PIPELINE), encoding="utf-8")
    for name, content in CONFIGS.items():
        network = networks[name]
        network.set_torso_dtype(torch.float16)
        save_file({key: tensor.contiguous() for key, tensor in network.state_dict().items()}, folder / "ckpts" / f"{name}.safetensors")
        (folder / "ckpts" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def _save_encoder(folder: Path, network: nn.Module) -> None:
    tensors = dinov2.published(network) | {"embeddings.register_tokens": network.embeddings.register_tokens.detach()}
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    content = {key: value for key, value in network.config.to_dict().items() if key != "dtype"} | {"architectures": ["Dinov2WithRegistersModel"]}
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")


@cache
def _trained() -> dict[str, nn.Module]:
    from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

    from img23d_backend.engines.trellis.config.published import config_of
    from img23d_backend.engines.trellis.networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder
    from img23d_backend.engines.trellis.networks.slat_flow import SLatFlowModel
    from img23d_backend.engines.trellis.networks.structure_decoder import SparseStructureDecoder
    from img23d_backend.engines.trellis.networks.structure_flow import SparseStructureFlowModel

    torch.manual_seed(0)
    classes = (SparseStructureFlowModel, SparseStructureDecoder, SLatFlowModel, SLatGaussianDecoder, SLatMeshDecoder)
    networks: dict[str, nn.Module] = {
        name: kind(config_of(content["name"], content["args"])) for kind, (name, content) in zip(classes, CONFIGS.items(), strict=True)
    }
    networks[ENCODER] = Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**_DINO))
    random = np.random.default_rng(0)
    lessons = [_lesson(solid(random)) for _ in range(_SOLIDS)]
    known = [(_lesson(one), colors) for one, colors in things()]
    _train_structure_decoder(networks[STRUCTURE_DECODER], [*lessons, *(lesson for lesson, _ in known for _ in range(_OFTEN))])
    _train_splats(networks[SPLAT_DECODER], lessons, random)
    _train_surface(networks[MESH_DECODER], lessons, random)
    _train_flows(networks, known, random)
    return {name: network.eval() for name, network in networks.items()}


# --- what is learned ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A solid's `structure` (8, 8, 8, 8), its occupied `cells` (N, 3), and of those `geometry` (N, 4): distance in voxels, normal."""

    solid: Solid
    structure: Tensor
    occupied: Tensor  # (32, 32, 32) bool
    cells: Tensor
    geometry: Tensor

    @property
    def middles(self) -> Tensor:
        """(N, 3) in -0.5..0.5."""
        return (self.cells.float() + 0.5) / GRID - 0.5

    def numbers(self, colors: Paint) -> Tensor:
        """(N, 8), as the flow gives them, about 1 in size."""
        x, _, z = self.middles.unbind(1)
        return torch.cat((self.geometry, colors.at(x, z) * 2 - 1, torch.zeros(len(self.cells), 1)), dim=1)


def _lesson(one: Solid) -> Lesson:
    distance = avg_pool3d(one.field, FINE // GRID)[0, 0]
    slope = torch.stack(torch.gradient(distance), dim=-1)
    occupied = distance.abs() < _NEAR
    cells = occupied.nonzero()
    normals = normalize(slope[occupied], dim=1)
    coarse = (avg_pool3d(one.field, FINE // GRID * 2)[0, 0] * GRID / 3).clamp(-1, 1)
    structure = coarse.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).unflatten(0, (-1, 2)).permute(1, 3, 5, 0, 2, 4).flatten(0, 2)
    geometry = torch.cat(((distance[occupied] * GRID)[:, None], normals), dim=1)
    return Lesson(solid=one, structure=structure, occupied=occupied, cells=cells, geometry=geometry)


def _latents(numbers: Tensor) -> Tensor:
    return numbers * torch.tensor(DEVIATION) + torch.tensor(MEAN)


def _voxels(cells: Tensor):
    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

    return Voxels(coords=cells, resolution=GRID)


def _train_structure_decoder(network: nn.Module, lessons: list[Lesson]) -> None:
    def loss() -> Tensor:
        batch = [lessons[number] for number in torch.randint(len(lessons), (6,))]
        latents = torch.stack([one.structure for one in batch])
        logits = network(latents + _blurred(torch.randn_like(latents)))[:, 0]
        return binary_cross_entropy_with_logits(logits, torch.stack([one.occupied for one in batch]).float(), pos_weight=torch.tensor(4.0))

    _train(network.parameters(), loss, 200)


def _blurred(noise: Tensor) -> Tensor:
    """What a flow's latents are off by: some of it alone, some of it together with what is near."""
    return 0.12 * noise + 0.5 * avg_pool3d(noise, 3, stride=1, padding=1)


def _train_splats(network: nn.Module, lessons: list[Lesson], random: np.random.Generator) -> None:
    """Its Gaussians lie on the surface, spread over the voxel's part of it, each as large as its share."""
    from img23d_backend.engines.trellis.splats.gaussians import Layout

    layout = Layout.of(_GAUSSIANS)
    reach = 0.75  # voxels: how far a Gaussian can be from the middle of its own
    starts = network.offset_perturbation
    usual = torch.zeros(layout.channels)
    usual[layout.scales] = 0.9  # half a voxel's thirds: 0.004 e^0.9 is 0.01
    usual[layout.opacities] = 5.1  # 0.95
    network.out_layer.bias.data.copy_(usual)

    def loss() -> Tensor:
        one = lessons[int(torch.randint(len(lessons), ()))]
        numbers = one.numbers(paint(random))
        target = usual.repeat(len(numbers), 1)
        spread = torch.tanh(starts) * reach  # (G, 3)
        distance, normal = numbers[:, :1, None], numbers[:, None, 1:4]
        onto = spread - ((spread * normal).sum(-1, keepdim=True) + distance) * normal  # (N, G, 3)
        target[:, layout.positions] = (torch.atanh((onto / reach).clamp(-0.97, 0.97)) - starts).flatten(1)
        target[:, layout.colors] = (numbers[:, None, 4:7] / 2 / 0.28209479).expand(-1, _GAUSSIANS, -1).flatten(1)
        given = network(_latents(numbers + 0.05 * torch.randn_like(numbers)), _voxels(one.cells))
        return (given - target).square().mean()

    _train(network.parameters(), loss, 250)


def _train_surface(network: nn.Module, lessons: list[Lesson], random: np.random.Generator) -> None:
    """A part of the surface at a time: what is decoded depends on what is near."""
    distances, moves, weights, colors = slice(0, 8), slice(8, 32), slice(32, 53), slice(53, 101)
    corners = torch.tensor([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)])
    cubes = GRID * _CHILDREN

    for module in network.modules():
        if isinstance(module, nn.GroupNorm):
            module.forward = _normalized(module)  # its own saves memory in ways that gradients do not pass

    def loss() -> Tensor:
        one = lessons[int(torch.randint(len(lessons), ()))]
        about = one.cells[int(torch.randint(len(one.cells), ()))]
        part = ((one.cells - about).abs() <= 4).all(dim=1)
        colored, numbers = paint(random), None
        numbers = one.numbers(colored)[part]
        values, children = network(_latents(numbers + 0.05 * torch.randn_like(numbers)), _voxels(one.cells[part]))
        given = network.out_layer(values)  # (M, 101)
        places = (children.coords[:, None] + corners) / cubes - 0.5  # (M, 8, 3)
        truth = grid_sample(one.solid.field, places.flip(-1)[None, None] * 2, align_corners=False, padding_mode="border")[0, 0, 0]
        away = (given[:, distances] - 1 / cubes - truth * GRID / 2).square()
        painted = torch.sigmoid(given[:, colors].unflatten(1, (8, 6))[..., :3]) - colored.at(places[..., 0], places[..., 2])
        plain = given[:, moves].square().mean() + given[:, weights].square().mean()
        return away.clamp(max=1).mean() + painted.square().mean() + 0.1 * plain

    _train(network.parameters(), loss, 160)
    for module in network.modules():
        vars(module).pop("forward", None)


def _normalized(norm: nn.GroupNorm) -> Callable[[Tensor], Tensor]:
    return lambda x: group_norm(x.T[None], norm.num_groups, norm.weight, norm.bias, norm.eps)[0].T


# --- the flows --------------------------------------------------------------------------------------------------------


def _train_flows(networks: dict[str, nn.Module], known: list[tuple[Lesson, Paint]], random: np.random.Generator) -> None:
    """Both and the image encoder at once. Now and then there is no picture: what guidance leads away from."""
    encoder, structures, latents = networks[ENCODER], networks[STRUCTURE_FLOW], networks[LATENT_FLOW]
    _place_patches(encoder)
    _look_at_patches(structures, 0)
    _look_at_patches(latents, 2 * _WAVES)
    usual = torch.stack([one.structure for one, _ in known]).mean(dim=0)

    def loss() -> Tensor:
        batch = [known[number] for number in torch.randperm(len(known))[:4]]
        pictures = torch.stack([picture(one.solid, colors, _SIDE, random) for one, colors in batch])
        tokens = encoder.encoder(encoder.embeddings(pictures)).last_hidden_state
        tokens = layer_norm(tokens, tokens.shape[-1:]) * (torch.rand(len(batch), 1, 1) > 0.1)
        total = _flow_loss(torch.stack([one.structure for one, _ in batch]), usual, lambda noisy, time: structures(noisy, time, tokens))
        (one, colors), voxels = batch[0], _voxels(batch[0][0].cells)
        return total + _flow_loss(one.numbers(colors), torch.zeros(()), lambda noisy, time: latents(noisy, time, tokens[:1], voxels))

    # After 700 steps it depends on the processor's rounding and on the seed which things come out like themselves
    _train([*encoder.parameters(), *structures.parameters(), *latents.parameters()], loss, 1200, 2e-3)


_WAVES = 8  # numbers of a place along an axis that tell neighbours apart
_SHARP = 5.5
_MOST_GUIDANCE = 9.0


def _place_patches(encoder: nn.Module) -> None:
    """A patch begins with the place of the cells that it shows, so that these need not learn first where to look: along x and along z, in
    the structure's grid of 8 cells a side and in the flow of latents' of 16; what it shows stands behind that.
    """
    with torch.no_grad():
        line = torch.arange(_COARSE)
        row, column = (each.flatten() for each in torch.meshgrid(line.flip(0), line, indexing="ij"))
        places = torch.cat([_waves(where) for where in (column, row, 2 * column + 0.5, 2 * row + 0.5)], dim=1)  # (64, 32)
        embedding, projection = encoder.embeddings.position_embeddings, encoder.embeddings.patch_embeddings.projection
        count = places.shape[1]
        embedding.zero_()
        embedding[0, 1:, :count] = places
        projection.weight[:count] = 0
        projection.bias[:count] = 0
        _keep(embedding)
        _keep(projection.weight, slice(count))
        _keep(projection.bias, slice(count))
        for layer in encoder.encoder.layer:
            for scale in (layer.layer_scale1.lambda1, layer.layer_scale2.lambda1):
                scale[:count] = 0
                _keep(scale, slice(count))


def _keep(parameter: nn.Parameter, rows: slice = slice(None)) -> None:
    """As it is, whatever is learned."""

    def without(gradient: Tensor) -> Tensor:
        gradient = gradient.clone()
        gradient[rows] = 0
        return gradient

    parameter.register_hook(without)


def _waves(where: Tensor) -> Tensor:
    """(N,) places along an axis to (N, 8), as the flows write their cells' places."""
    phases = where[:, None] / 10_000 ** (torch.arange(_WAVES // 2) / _per_axis())
    return torch.cat((phases.sin(), phases.cos()), dim=1)


def _per_axis() -> int:
    return _FLOW["model_channels"] // 6


def _look_at_patches(flow: nn.Module, first: int) -> None:
    """Each head's question is a cell's x and z, each patch's answer its own, which begin at `first`; nothing else is written where a cell
    keeps its place.
    """
    half, count = _WAVES // 2, _per_axis()
    own = [axis * 2 * count + part * count + wave for axis in (0, 2) for part in (0, 1) for wave in range(half)]
    writers = [flow.input_layer] if first == 0 else [flow.input_blocks[-1].conv2.conv, flow.input_blocks[-1].skip_connection]
    middle, spread = _usual_place(_COARSE if first == 0 else GRID // 2)
    with torch.no_grad():
        for writer in writers:
            writer.weight[own] = 0
            writer.bias[own] = 0
        for block in flow.blocks:
            attention = block.cross_attn
            width = attention.to_q.weight.shape[0] // attention.heads  # 16, as many as the numbers of a place
            attention.to_q.weight.zero_()
            keys = slice(attention.to_q.weight.shape[0])
            attention.to_kv.weight[keys] = 0
            for head in range(attention.heads):
                for number, channel in enumerate(own):
                    attention.to_q.weight[head * width + number, channel] = _SHARP
                    attention.to_q.bias[head * width + number] = _SHARP * middle / spread  # which the norm before it takes away
                    attention.to_kv.weight[head * width + number, first + number] = _SHARP
            _keep(attention.to_q.weight)
            _keep(attention.to_q.bias)
            _keep(attention.to_kv.weight, keys)


def _usual_place(side: int) -> tuple[float, float]:
    """Mean and deviation of the numbers that a place is written in."""
    from img23d_backend.engines.trellis.networks.layers import position_embedding

    places = position_embedding(torch.cartesian_prod(*[torch.arange(side)] * 3), _FLOW["model_channels"])
    return float(places.mean()), float(places.std(dim=1).mean())


def _flow_loss(target: Tensor, usual: Tensor, flow: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """How far it is from noise minus target, also where guidance has led: away from what is `usual` without a picture, the farther the
    more of the way is behind. From there a flow that saw nothing but mixtures of noise and target does not find back.
    """
    time, noise = torch.rand(1).clamp(min=0.02), torch.randn_like(target)
    strength = _MOST_GUIDANCE * torch.rand(()) * (torch.rand(()) < 0.75)
    led = torch.minimum(time, 1 - time) * strength * (target - usual)
    wanted = noise - target + led / time  # ends at the target from there
    return ((flow(torch.lerp(target, noise, time) + led, 1000 * time) - wanted) / (1 + strength)).square().mean()


def _train(parameters, loss: Callable[[], Tensor], steps: int, rate: float = 3e-3) -> None:
    parameters = [one for one in parameters if one.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
