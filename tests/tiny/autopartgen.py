"""A tiny AutoPartGen that knows three things and parts them.

All latents of a surface hold the same numbers, which name it: a part's name follows from that of the whole, from that of the parts before
it, and from pictures. The files are in the published form, the weights' rows in the published order. How many latents there are
stands beside them in AutoPartGen's own configuration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from .assembled import THINGS, Solid, Thing, mask, picture, surface

LATENTS, EACH = 16, 16  # latents, and points of a surface for each
_CHANNELS, _WIDTH, _PICTURE = 16, 64, 64
_SETS = 24  # of points, a surface
_VAE_STEPS, _DIT_STEPS = 500, 1000
_PLACES = 256  # of a shape, at a step
_HEARD = 3  # of a point's eight sines; the finer ones would be noise in the air
_RMS = 0.8  # of the latents
_LOOKED_AT = 40  # image tokens, at a step
_BLURRED = 0.15  # noise in the latents
_FRONT = ((1.0, (0.0, 0.0)), (0.97, (0.01, -0.01)), (1.03, (-0.01, 0.01)))  # zooms and shifts of pictures

# As autopartgen/configs/default.yaml says it
CONFIG = {"dit": {"num_latents": LATENTS, "in_channels": _CHANNELS, "scale_factor": 1.26839}, "vae": {"latent_eval_downscale": EACH}}


def make(folder: Path) -> None:
    """Writes one file set: the network of either size, or the decoder; about a minute and a half for all three."""
    vae, dit = _trained()
    if folder.name.endswith("vae"):
        torch.save(_published(vae, 8), folder / "autopartgen_vae.pth")  # bare, as the other form of the two
        return
    name = "autopartgen_dit_4096.pth" if folder.name.endswith("4096") else "autopartgen_dit.pth"
    unused = {f"sigma_per_part_proj.{key}": torch.zeros(*shape) for key, shape in _UNUSED.items()}
    torch.save({"model": _published(dit, 4) | unused, "iteration": _DIT_STEPS}, folder / name)  # as a training wrote it
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")


_UNUSED = {
    "linear_1.weight": (4 * _WIDTH, _WIDTH),
    "linear_1.bias": (4 * _WIDTH,),
    "linear_2.weight": (_CHANNELS, 4 * _WIDTH),
    "linear_2.bias": (_CHANNELS,),
}


def _published(network: nn.Module, heads: int) -> dict[str, Tensor]:
    """The rows of queries, keys and values joined and cut as TripoSG's attention cuts them: each head's, one after the other."""
    tensors = {name: one.detach().clone() for name, one in network.state_dict().items()}
    for name in [name for name in tensors if name.endswith("to_v.weight")]:
        parts = "qkv" if ".attn1." in name else "kv"
        names = [name.replace("to_v", f"to_{part}") for part in parts]
        rows = torch.stack([tensors[one].unflatten(0, (heads, -1)) for one in names], dim=1)  # (H, parts, D, C)
        tensors |= dict(zip(names, rows.flatten(0, 2).chunk(len(names)), strict=True))
    return {name: one.half() for name, one in tensors.items()}  # half of the room


@cache
def _trained() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    shapes = _shapes()
    points = torch.stack([torch.stack([_points(one, random) for _ in range(_SETS)]) for one in shapes])  # (S, sets, N, 6)
    return _trained_vae(shapes, points, random), _trained_dit(shapes)


# --- surfaces and their names -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Some parts of a thing, by their numbers."""

    thing: Thing
    parts: tuple[int, ...]

    @property
    def solids(self) -> list[Solid]:
        return [self.thing.parts[number] for number in self.parts]

    def inside(self, places: np.ndarray) -> np.ndarray:
        return np.min([one.distance(places) for one in self.solids], axis=0) < 0


def _shapes() -> list[Shape]:
    """Of each thing: all of it, each part by itself, and the first two and more."""
    found = []
    for thing in THINGS:
        numbers = tuple(range(len(thing.parts)))
        found += [Shape(thing=thing, parts=numbers), *(Shape(thing=thing, parts=(one,)) for one in numbers)]
        found += [Shape(thing=thing, parts=numbers[:count]) for count in range(2, len(numbers))]
    return found


def _points(shape: Shape, random: np.random.Generator) -> Tensor:
    """(N, 6): the farthest from each other of twice as many, as the program takes them."""
    from img23d_backend.vecset.farthest_points import farthest_points

    count = 2 * LATENTS * EACH
    each = -(-count // len(shape.solids))
    places, normals = (np.concatenate(pair)[:count] for pair in zip(*(surface(one, each, random) for one in shape.solids), strict=True))
    order = random.permutation(len(places))
    places, normals = places[order], normals[order]
    chosen = farthest_points(places, LATENTS * EACH)
    return torch.from_numpy(np.concatenate((places[chosen], normals[chosen]), axis=1).astype(np.float32))


def _names(count: int) -> Tensor:
    """(count, C): what the latents of each surface are to be, as far apart from each other as can be (Sylvester's matrices)."""
    signs = torch.ones(1, 1)
    while len(signs) < _CHANNELS:
        signs = torch.cat((torch.cat((signs, signs), dim=1), torch.cat((signs, -signs), dim=1)))
    return _RMS * signs[:count]


def _trained_vae(shapes: Sequence[Shape], points: Tensor, random: np.random.Generator) -> nn.Module:
    """The encoder learns to tell the surfaces' names, that of no surface among them, the decoder to fill what has a name."""
    from img23d_backend.vecset.networks.autoencoder import VAEConfig, VecsetVAE, embedded

    vae = VecsetVAE(VAEConfig(channels=_CHANNELS, heads=8, encoder_width=32, decoder_width=_WIDTH, encoder_layers=1, decoder_layers=1))
    names, rows = _names(len(shapes) + 1)[:, None], torch.arange(len(shapes))
    optimizer = torch.optim.AdamW(vae.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=_VAE_STEPS)
    nothing = torch.zeros(1, 1, 6)
    deaf = torch.ones(vae.config.point_channels)
    deaf[3:] = (torch.arange(vae.config.frequencies) < _HEARD).float().repeat(6)
    for _ in range(_VAE_STEPS):
        optimizer.zero_grad()
        clean = points[rows, torch.randint(_SETS, (len(shapes),))]
        seen = clean + 0.02 * torch.randn_like(clean)
        first = torch.randperm(seen.shape[1])[:LATENTS]
        told = (vae.encode(seen, seen[:, first])[0] - names[:-1]).square().mean() + (vae.encode(nothing, nothing)[0] - names[-1]).square().mean()
        places, inside = _asked(shapes, clean, random)
        known = names[:-1] + _BLURRED * torch.randn(len(shapes), LATENTS, _CHANNELS)
        values = vae.decoder.at(embedded(places, vae.config.frequencies), vae.decoder.remember(vae.post_quant(known)))[..., 0]
        (told + binary_cross_entropy_with_logits(values, inside)).backward()
        optimizer.step()
        schedule.step()
        vae.decoder.proj_query.weight.data *= deaf
    return vae.eval().requires_grad_(False)


def _asked(shapes: Sequence[Shape], seen: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(S, P, 3) places, half of them anywhere and half near the surface, and whether they are inside."""
    anywhere = random.uniform(-1.02, 1.02, (len(shapes), _PLACES // 2, 3))
    near = seen[:, random.integers(seen.shape[1], size=_PLACES // 2), :3].numpy() + 0.06 * random.standard_normal((len(shapes), _PLACES // 2, 3))
    places = np.concatenate((anywhere, near), axis=1).astype(np.float32)
    inside = np.stack([shape.inside(own) for shape, own in zip(shapes, places, strict=True)])
    return torch.from_numpy(places), torch.from_numpy(inside.astype(np.float32))


# --- what comes next --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """`pictures` are the numbers of the image tokens of the whole and of the part, 0 for none; `slots` those of the codes of the whole and of
    the parts so far, None for zeros. `target` is the code's that comes, None for the end.
    """

    pictures: tuple[int, int]
    slots: tuple[int | None, ...]
    target: int | None


def _lessons(shapes: Sequence[Shape]) -> tuple[list[Lesson], int]:
    """And the number of the code of nothing, behind those of the shapes. Pictures are numbered as `_pictures` has them."""
    number = {(one.thing.name, one.parts): index for index, one in enumerate(shapes)}
    nothing, first, lessons = len(shapes), 1, []
    for thing in THINGS:
        whole = number[thing.name, tuple(range(len(thing.parts)))]
        lessons += [Lesson(pictures=(first, first), slots=(None,), target=whole), Lesson(pictures=(0, 0), slots=(None,), target=whole)]
        for count in range(len(thing.parts) + 1):
            so_far = number[thing.name, tuple(range(count))] if count else nothing
            target = number[thing.name, (count,)] if count < len(thing.parts) else None
            lessons += [Lesson(pictures=pictures, slots=(whole, so_far), target=target) for pictures in ((first, 0), (0, 0))]
            lessons.append(Lesson(pictures=(0, 0), slots=(None, None), target=target))
            if target is not None:
                lessons.append(Lesson(pictures=(first, first + 1 + count), slots=(whole, so_far), target=target))
        first += 1 + len(thing.parts)
    return lessons, nothing


def _pictures() -> Tensor:
    """(views, pictures, n, C) image tokens: of black, then of each thing and its parts."""
    from img23d_backend.engines.autopartgen.division.pictures import black, normalized, part_picture, whole_picture
    from img23d_backend.models.dinov2 import Dinov2Folder

    encoder_folder = Path(__file__).with_name("kept") / "dinov2-with-registers-large"
    encoder = Dinov2Folder(path=encoder_folder, owner="", has_registers=True, has_last_norm=False).read(torch.float32)
    views = []
    for zoom, shift in _FRONT:
        squares = [black()]
        for thing in THINGS:
            rgba = picture(thing, zoom=zoom, shift=shift)
            own = mask(thing, tuple(range(1, 1 + len(thing.parts))), zoom=zoom, shift=shift)
            squares += [whole_picture(rgba), *(part_picture(rgba, own == value) for value in range(1, 1 + len(thing.parts)))]
        with torch.inference_mode():
            views.append(torch.cat([encoder(pixel_values=normalized(one)).last_hidden_state for one in squares]))
    return torch.stack(views).clone()


def _trained_dit(shapes: Sequence[Shape]) -> nn.Module:
    from img23d_backend.engines.autopartgen.networks.dit import PartDiT, PartSizes, Slot

    codes = _names(len(shapes) + 1) * CONFIG["dit"]["scale_factor"]
    pictures = _pictures()
    lessons, _ = _lessons(shapes)
    dit = PartDiT(PartSizes(channels=_CHANNELS, width=_WIDTH, heads=4, layers=3, early=1, picture=_PICTURE))
    signal = _signal()
    optimizer = torch.optim.AdamW(dit.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=_DIT_STEPS)
    ends = torch.zeros(_CHANNELS)
    groups = [[one for one in lessons if len(one.slots) == count] for count in (1, 2)]
    for _ in range(_DIT_STEPS):
        optimizer.zero_grad()
        kept = torch.randperm(pictures.shape[2])[:_LOOKED_AT]
        losses = []
        for group in groups:
            view = pictures[torch.randint(len(pictures), ())][:, kept]
            look = dit.look(*(view[torch.tensor([one.pictures[place] for one in group])] for place in range(2)))
            slots = []
            for place in range(len(group[0].slots)):
                told = torch.stack([ends if one.slots[place] is None else codes[one.slots[place]] + _BLURRED * torch.randn(_CHANNELS) for one in group])
                slots.append(Slot(tokens=told[:, None]))
            target = torch.stack([ends if one.target is None else codes[one.target] for one in group])
            losses.append(_loss(dit, look, dit.know(*slots), target, signal))
        torch.cat(losses).mean().backward()
        optimizer.step()
        schedule.step()
    return dit.eval()


def _loss(dit: nn.Module, look: Sequence, know: Sequence, target: Tensor, signal: Tensor) -> Tensor:
    """(B,) of v, at a time of its own each."""
    times = torch.randint(len(signal), (len(target),))
    alpha, sigma = signal[times].sqrt()[:, None, None], (1 - signal[times]).sqrt()[:, None, None]
    clean, noise = target[:, None].expand(-1, LATENTS, -1), torch.randn(len(target), LATENTS, _CHANNELS)
    embedded = dit.time_proj(times) + dit.sigma_history_proj(torch.zeros(1))
    memory = [(one, know[number]) if number < len(know) else (one,) for number, one in enumerate(look)]
    found = dit.flow(alpha * clean + sigma * noise, embedded, memory)
    return (found - (alpha * noise - sigma * clean)).square().mean(dim=(1, 2))


def _signal() -> Tensor:
    """(1000,) the thing's share of the variance: Stable Diffusion's, moved and scaled so that none is left at the end (Lin et al., 2023)."""
    betas = torch.linspace(math.sqrt(0.00085), math.sqrt(0.012), 1000, dtype=torch.float64) ** 2
    roots = torch.cumprod(1 - betas, dim=0).sqrt()
    roots = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
    return (roots**2).float()
