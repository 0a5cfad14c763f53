"""What every engine heeds: the texture and what the mesh is made of."""

from __future__ import annotations

from ..limits import BUDGET_MAX, TEXTURE_SIZES
from .declare import Condition, Record, Row, StageOptions, is_one_of, option

BACKEND_MEMORY = 200_000_000  # bytes, the whole backend with the preview engine: its peak in docs/benchmarks.md
IS_PAINTED = is_one_of("texture", True)


class Common(StageOptions):
    """The texture, and what the mesh is made of."""

    texture: bool = option(
        True,
        label="Texture",
        tip="Paint the objects with the photo; without it they get one plain colour and are ready sooner",
        flag="--no-texture",
        help="shapes only",
        cost=2,
        trial=True,
        row=Row(panel="texture", rank=0, is_header=True),
    )
    texture_size: int = option(
        TEXTURE_SIZES[0],
        label="Texture Size",
        tip="Width and height of each texture in pixels; twice as many take four times the memory",
        subject="the texture size",
        unit="pixels",
        when=IS_PAINTED,
        choices=tuple((str(size), f"{size} px", f"{size} x {size} pixels an object") for size in TEXTURE_SIZES),
        presets={"best": TEXTURE_SIZES[-1]},
        flag="--texture-size",
        help="pixels a side",
        trial=TEXTURE_SIZES[0],
        cost=1,
        row=Row(panel="texture", rank=10, text="Size", is_for_meshes=True),
    )
    quads: bool = option(
        False,
        label="Quads",
        tip=(
            "When a run has ended, make its objects of four-sided faces, half as many, with their textures. "
            "It is done beside Blender; what cannot be made of quads stays as it is"
        ),
        row=Row(panel="shape", rank=50, is_for_meshes=True),
        record=Record(label="Made Of", rank=90, shown=is_one_of("quads", True)),
    )


def faces_option(*, key: str, flag: str, of: str, shown: Condition | None = None) -> int:
    """How many triangles a learned shape is reduced to."""
    return option(
        40_000,
        key=key,
        label="Faces",
        tip="The shape is reduced to this many triangles, at most 5,000,000; 0 leaves it as the model made it",
        subject="the number of faces",
        minimum=0,
        maximum=BUDGET_MAX,
        zero="all of them",
        step=5000,
        presets={"draft": 10_000, "best": 150_000},
        flag=flag,
        help=f"triangles of {of}; 0 leaves it untouched",
        is_faces=True,
        trial=5_000,
        row=Row(panel="shape", rank=40, shown=shown),
        record=Record(label="Faces", form=",", rank=50, hides_zero=True, shown=shown),
    )
