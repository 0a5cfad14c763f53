"""Cleaning the picture before anything is looked for in it: every engine heeds it, where a model that edits pictures is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..declare import Choice, Condition, Record, Row, StageOptions, is_one_of, option

# File sets of the backend's registry
KLEIN = "flux2-klein-4b"
QWEN_2509, QWEN_2511 = "qwen-image-edit-2509", "qwen-image-edit-2511"
EDITORS: tuple[Choice, ...] = (
    (KLEIN, "FLUX.2 klein 4B", "In four steps, on cards from 6 GB with 8 Bits, else from 12 GB; about 16 GB to download"),
    (QWEN_2509, "Qwen-Image-Edit 2509", "Follows a text more closely, for cards from 24 GB with 8 Bits, slower on smaller ones; about 59 GB to download"),
    (QWEN_2511, "Qwen-Image-Edit 2511", "The newer one, which keeps things more as they are; as large"),
)
PHOTO, THINGS = "photo", "things"
_EDITED: tuple[Choice, ...] = (
    (PHOTO, "The whole photo", "Before anything is looked for in it: you see the cleaned picture, and take it or keep the photo"),
    (THINGS, "Each cut-out", "Each thing by itself, after it was cut out; it is then cut out once more"),
)
AS_IS, CLEAN_GROUND, THREE_QUARTER, COMPLETE = "as_is", "clean_ground", "three_quarter", "complete"
PRESETS: tuple[Choice, ...] = (
    (AS_IS, "As they are", "Only sharper, and without watermarks: every thing stays where it is"),
    (CLEAN_GROUND, "Clean the ground", "The things stay where they are, on a plain ground that stands apart from them"),
    (THREE_QUARTER, "Three-quarter view", "One whole thing on a plain ground, seen from a little above and from the side, for a fuller shape"),
    (COMPLETE, "Complete what is cut off", "What the picture's border or something in front cuts off is drawn, on a plain ground"),
)
_PLAIN = "on a plain, evenly lit background of one colour that stands apart from it, without shadows and without anything else"


def _prompt(what: str) -> str:
    return (
        f"{what.capitalize()}. Keep its colours, materials and proportions exactly. Remove watermarks and text that was laid over the picture. Make it sharp."
    )


PROMPTS: Mapping[str, str] = {
    AS_IS: _prompt("keep everything in this picture where it is and as it is"),
    CLEAN_GROUND: _prompt(f"show the same object from the same viewpoint, at the same place and in the same size, {_PLAIN}"),
    THREE_QUARTER: _prompt(f"show the same object, the whole of it, in a three-quarter view from slightly above, {_PLAIN}"),
    COMPLETE: _prompt(f"show the same object from the same viewpoint, the whole of it, with everything that is hidden or cut off completed, {_PLAIN}"),
}
LONGEST_PROMPT = 2000  # characters
STEPS: tuple[Choice, ...] = (
    ("8", "8 steps", "Qwen-Image-Edit with the Lightning weights for eight steps"),
    ("4", "4 steps", "With those for four steps: twice as fast, a little less exact"),
)
_ON: Condition = is_one_of("edit", True)
_QWEN: Condition = is_one_of("edit_model", QWEN_2509, QWEN_2511)

# What one picture of 1024 x 1024 pixels takes, in 16 bits. An estimate, no card has run it; the sizes of the networks are those of their files.
_KLEIN_NETWORK, _QWEN_NETWORK = 7_751_000_000, 40_861_000_000
_QWEN_TEXT = 16_584_000_000  # it sees the picture, so it computes each time
_LIGHTNING = 850_000_000
# FLUX.2 has 8,704 tokens and its widest layer 27,648 numbers of each; Qwen-Image 8,192 and some 400 of text, 12,288 numbers wide
_KLEIN_COMPUTING, _QWEN_COMPUTING = 1_200_000_000, 1_600_000_000
_DEVELOPING = 2_600_000_000  # the decoders at 1024 x 1024


class Edit(StageOptions):
    """What is made of the picture, and by which model."""

    edit: bool = option(
        False,
        label="Clean the Picture First",
        tip="Let a model clean the photo before anything is looked for in it: for photos that are cluttered, cropped or dark",
        flag="--edit",
        help="let a model clean the picture first",
        cost=2,
        row=Row(panel="edit", rank=0, is_header=True),
    )
    preset: str = option(
        CLEAN_GROUND,
        key="edit_preset",
        label="To Do",
        tip="What is made of the picture",
        subject="what is made of the picture",
        choices=PRESETS,
        flag="--edit-preset",
        help="what is made of the picture",
        when=_ON,
        row=Row(panel="edit", rank=10, text="", is_wide=True),
        record=Record(label="Picture", rank=4, shown=_ON),
    )
    prompt: str = option(
        "",
        key="edit_prompt",
        label="In Your Words",
        tip="What the model is told, in English, instead of the choice above; empty takes that choice's own text",
        subject="the text for the edit",
        longest=LONGEST_PROMPT,
        flag="--edit-prompt",
        help="what the model is told instead",
        when=_ON,
        row=Row(panel="edit", rank=20, text="", is_wide=True),
    )
    of: str = option(
        PHOTO,
        key="edit_of",
        label="Clean",
        tip="Whether the whole photo is cleaned, or each thing by itself",
        subject="what is cleaned",
        choices=_EDITED,
        flag="--edit-of",
        help="whether the whole photo is cleaned, or each cut-out",
        cost=2,
        when=_ON,
        row=Row(panel="edit", rank=30),
    )
    model: str = option(
        KLEIN,
        key="edit_model",
        label="Clean With",
        tip="The model that edits pictures",
        subject="the model that edits pictures",
        choices=EDITORS,
        flag="--edit-model",
        help="what edits the picture",
        cost=1,
        when=_ON,
        row=Row(panel="edit", rank=40),
        record=Record(label="Cleaned With", rank=5, shown=_ON),
    )
    steps: int = option(
        8,
        key="edit_steps",
        label="Steps",
        tip="In how many steps Qwen-Image-Edit draws; FLUX.2 klein always takes four",
        subject="the number of edit steps",
        unit="steps",
        choices=STEPS,
        flag="--edit-steps",
        help="steps of Qwen-Image-Edit",
        cost=1,
        when=_ON,
        row=Row(panel="edit", rank=50, shown=_QWEN),
    )
    eight_bits: bool = option(
        False,
        key="edit_eight_bits",
        label="8 Bits",
        tip="Keep the model's weights in 8 bits instead of 16: half the memory, for a little less quality",
        flag="--edit-eight-bits",
        help="keep the edit model's weights in 8 bits",
        cost=1,
        when=_ON,
        row=Row(panel="edit", rank=60),
    )

    stages = ("edit",)

    @property
    def told(self) -> str:
        """What the model is told."""
        return self.prompt.strip() or PROMPTS[self.preset]

    @property
    def edits_photo(self) -> bool:
        return self.edit and self.of == PHOTO

    @property
    def edits_things(self) -> bool:
        return self.edit and self.of == THINGS

    @property
    def keeps_the_view(self) -> bool:
        """Whether the camera that took the photo has also taken what the model makes of it, as far as is known."""
        return not self.prompt.strip() and self.preset in (AS_IS, CLEAN_GROUND)

    @property
    def lightning(self) -> str:
        """The file set of the weights for few steps; empty where the model has them inside."""
        return "" if self.model == KLEIN else f"{self.model}-lightning-{self.steps}"

    def file_sets(self) -> tuple[str, ...]:
        if not self.edit:
            return ()
        return (self.model, self.lightning) if self.lightning else (self.model,)

    def needed_bytes(self, settings: Any, sizes: Mapping[str, int]) -> Mapping[str, int]:
        """With little memory the layers come one by one, and what they compute with is all there is."""
        if not self.edit:
            return {}
        is_klein, share = self.model == KLEIN, 2 if self.eight_bits else 1
        computing = _KLEIN_COMPUTING if is_klein else _QWEN_COMPUTING
        if settings.machine.small_memory:
            return {"edit": max(computing, _DEVELOPING)}
        networks = (_KLEIN_NETWORK,) if is_klein else (_QWEN_TEXT, _QWEN_NETWORK)
        return {"edit": max(max(networks) // share + (0 if is_klein else _LIGHTNING) + computing, _DEVELOPING)}
