"""The two halves of Hunyuan3D-Paint's network: one encodes the picture, the other makes the views (Zhao et al., Hunyuan3D 2.0,
2025). diffusers' UNet with a transformer block of our own, and the published parameter names.

The same result as hy3dgen's `UNet2p5DConditionModel` (texgen/hunyuanpaint/unet/modules.py) with less work:

- The picture is read once. Its time step and latents never change, yet hy3dgen reads it again at every step.
- Keys and values of the attention to the picture are made once, for all views and all steps.
- The half of a guided step that must not look at the picture does not: hy3dgen looks at an empty one and multiplies by 0.
- Where a device holds the whole table of products of an attention, the queries go in chunks: 6 views of 64 x 64 tokens would
  take a table of 24,576 x 24,576 for each head.

Layers are called and not taken apart, so that their weights can be streamed.

R rows (halves of a guided step x views), V views, L tokens a view, C channels, H heads of D channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

_PROMPT_TOKENS = 77  # of the learned prompts, which replace a text
_REFERENCE_CAMERAS, _CAMERAS = 5, 44  # the table of cameras: those of pictures, which are not used, then those of views
_PICTURES_A_VIEW = 3  # latents of the view, of its normals and of its positions, one below the other in the channels


@dataclass(frozen=True, kw_only=True)
class KeysValues:
    """Of one block's attention to the picture, (1, H, L, D) each."""

    keys: Tensor
    values: Tensor


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditioning that all blocks of one pass share.

    `views` rows belong together. The first `unguided` rows have neither prompt nor picture: the unconditional half.
    `reference` holds one entry a block, and may be empty where all rows are unguided. `query_chunk` 0 is all at once.
    `near` has the number of tokens of all views together and who may attend to whom there, (V * L, V * L) bool; where it has
    nothing, all attend to all.
    """

    views: int
    reference: Sequence[KeysValues] = ()
    unguided: int = 0
    query_chunk: int = 0
    near: Mapping[int, Tensor] = field(default_factory=dict)


class MultiviewUNet(UNet2DConditionModel):
    """The half that makes the views. `config` is the published unet/config.json."""

    def __init__(self, config: dict) -> None:
        pictures = {"in_channels": _PICTURES_A_VIEW * config["in_channels"]}
        super().__init__(**(config | pictures | {"num_class_embeds": _REFERENCE_CAMERAS + _CAMERAS}))
        shape = (1, _PROMPT_TOKENS, self.config.cross_attention_dim)
        self.learned_text_clip_gen = nn.Parameter(torch.empty(shape))
        self.learned_text_clip_ref = nn.Parameter(torch.empty(shape))  # the file's place for it; ReferenceUNet uses it
        self._blocks = _replace_blocks(self, MultiviewBlock)

    def attend_to(self, features: Sequence[Tensor]) -> tuple[KeysValues, ...]:
        """ReferenceUNet's features, (1, L, C) a block, to what `Conditions.reference` wants."""
        return tuple(block.attend_to(feature) for block, feature in zip(self._blocks, features, strict=True))

    def forward(self, sample: Tensor, timestep: Tensor, cameras: Tensor, conditions: Conditions) -> Tensor:
        """The predicted noise (or velocity) (R, 4, h, w). `sample` (R, 12, h, w), `cameras` (R,) int64, 0..43."""
        prompt = self.learned_text_clip_gen.expand(len(sample), -1, -1).clone()
        prompt[: conditions.unguided] = 0
        return super().forward(
            sample,
            timestep,
            prompt,
            class_labels=cameras + _REFERENCE_CAMERAS,
            cross_attention_kwargs={"conditions": conditions},
            return_dict=False,
        )[0]


class ReferenceUNet(UNet2DConditionModel):
    """The half that encodes the picture. `config` is the published unet/config.json.

    The published file keeps `learned_text_clip_ref`, this half's prompt, among the keys of the other half.
    """

    def __init__(self, config: dict) -> None:
        super().__init__(**config)
        shape = (1, _PROMPT_TOKENS, self.config.cross_attention_dim)
        self.learned_text_clip_ref = nn.Parameter(torch.empty(shape))
        _replace_blocks(self, ReferenceBlock)

    def forward(self, latents: Tensor) -> tuple[Tensor, ...]:
        """The picture's latents (1, 4, h, w) to one feature (1, L, C) a block, in the order in which blocks compute."""
        seen = _ReferenceFeatures()
        super().forward(latents, 0, self.learned_text_clip_ref, cross_attention_kwargs={"seen": seen}, return_dict=False)
        return tuple(seen.features)


class MultiviewBlock(nn.Module):
    """`transformer` with two more attentions beside its first one: to the picture, and among all views."""

    def __init__(self, transformer: BasicTransformerBlock, index: int) -> None:
        super().__init__()
        self.transformer = transformer
        self.index = index
        self.attn_multiview = _attention_like(transformer)
        self.attn_refview = _attention_like(transformer)

    def attend_to(self, feature: Tensor) -> KeysValues:
        """(1, L, C)"""
        attention = self.attn_refview
        return KeysValues(keys=_heads(attention.to_k(feature), attention.heads), values=_heads(attention.to_v(feature), attention.heads))

    def forward(
        self,
        hidden_states: Tensor,
        *,
        encoder_hidden_states: Tensor,
        cross_attention_kwargs: dict[str, Conditions],
        **_: object,
    ) -> Tensor:
        """(R, L, C) to the same; called by diffusers, which gives the names."""
        x, inner = hidden_states, self.transformer
        conditions = cross_attention_kwargs["conditions"]
        tokens, first, chunk = x.shape[1], conditions.unguided, conditions.query_chunk
        normed = inner.norm1(x)
        x = x + _attend(inner.attn1, normed, None, chunk)
        if first < len(x):
            # Each row has the same keys: all rows' queries are attended together, as those of one row.
            looking = normed[first:].flatten(0, 1)[None]  # (1, (R - unguided) * L, C)
            seen = _attend(self.attn_refview, looking, conditions.reference[self.index], chunk)
            x[first:] += seen[0].unflatten(0, (-1, tokens))
        together = normed.unflatten(0, (-1, conditions.views)).flatten(1, 2)  # (R / V, V * L, C)
        near = conditions.near.get(together.shape[1])
        x = x + _attend(self.attn_multiview, together, None, chunk, near).reshape(x.shape)
        x = x + inner.attn2(inner.norm2(x), encoder_hidden_states=encoder_hidden_states)
        return x + inner.ff(inner.norm3(x))


class ReferenceBlock(nn.Module):
    """`transformer` as it is; what its first attention reads is kept."""

    def __init__(self, transformer: BasicTransformerBlock, index: int) -> None:
        super().__init__()
        self.transformer = transformer
        self.index = index

    def forward(
        self,
        hidden_states: Tensor,
        *,
        encoder_hidden_states: Tensor,
        cross_attention_kwargs: dict[str, _ReferenceFeatures],
        **_: object,
    ) -> Tensor:
        """(1, L, C) to the same; called by diffusers, which gives the names."""
        x, inner = hidden_states, self.transformer
        normed = inner.norm1(x)
        cross_attention_kwargs["seen"].features.append(normed)
        x = x + inner.attn1(normed)
        x = x + inner.attn2(inner.norm2(x), encoder_hidden_states=encoder_hidden_states)
        return x + inner.ff(inner.norm3(x))


@dataclass(frozen=True, kw_only=True)
class _ReferenceFeatures:
    """The reference features. Not a plain list: group offload copies the lists that it finds among a layer's arguments."""

    features: list[Tensor] = field(default_factory=list)


def _replace_blocks(unet: UNet2DConditionModel, make: Callable[[BasicTransformerBlock, int], nn.Module]) -> list[nn.Module]:
    """Puts a block of ours around each of diffusers'; the blocks in the order in which they compute."""
    made: list[nn.Module] = []
    for blocks in _transformer_blocks(unet):
        for place, block in enumerate(blocks):
            if not _is_usual(block):
                raise ValueError(f"a transformer block of another kind: {type(block).__name__}")
            made.append(make(block, len(made)))
            blocks[place] = made[-1]
    return made


def _is_usual(block: nn.Module) -> bool:
    """Attention to itself, attention to the prompt, then the feed-forward layer, each after a plain norm."""
    is_known = isinstance(block, BasicTransformerBlock) and block.norm_type == "layer_norm"
    return is_known and block.attn2 is not None and not block.only_cross_attention


def _transformer_blocks(unet: UNet2DConditionModel) -> Iterator[nn.ModuleList]:
    for part in (*unet.down_blocks, unet.mid_block, *unet.up_blocks):
        for attention in getattr(part, "attentions", ()):
            yield attention.transformer_blocks


def _attention_like(block: BasicTransformerBlock) -> Attention:
    return Attention(
        query_dim=block.dim,
        heads=block.num_attention_heads,
        dim_head=block.attention_head_dim,
        bias=block.attention_bias,
        out_bias=True,
    )


def _attend(attention: Attention, queries: Tensor, known: KeysValues | None, chunk: int, mask: Tensor | None = None) -> Tensor:
    """(B, T, C) to the same: to themselves, or to `known` keys and values. `chunk` queries at a time, 0 for all.

    `mask` (T, keys) bool is False where a query must not see a key.
    """
    q = _heads(attention.to_q(queries), attention.heads)
    if known is None:
        known = KeysValues(keys=_heads(attention.to_k(queries), attention.heads), values=_heads(attention.to_v(queries), attention.heads))
    size = chunk or q.shape[2]
    parts = q.split(size, dim=2)
    masks = [None] * len(parts) if mask is None else mask.split(size)
    attended = [scaled_dot_product_attention(part, known.keys, known.values, attn_mask=seen) for part, seen in zip(parts, masks, strict=True)]
    joined = attended[0] if len(attended) == 1 else torch.cat(attended, dim=2)
    return attention.to_out[0](joined.transpose(1, 2).flatten(2))


def _heads(joined: Tensor, heads: int) -> Tensor:
    """(B, T, H * D) to (B, H, T, D)."""
    return joined.unflatten(-1, (heads, -1)).transpose(1, 2)
