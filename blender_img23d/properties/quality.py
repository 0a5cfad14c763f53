"""How things are found, built and painted: what a preset of quality stands for and what an artist's own presets keep."""

from __future__ import annotations

from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from ..shared.img23d_protocol.choices import (
    CUTTERS,
    GROUNDERS,
    MATTERS,
    PAINTERS,
    PREVIEW_PAINT,
    SHAPE_MODELS,
    SPEEDS,
    STANDARD_PAINTER,
    TURBO_PAINTER,
)
from ..shared.img23d_protocol.limits import (
    BUDGET_DEFAULT,
    BUDGET_MAX,
    FACES_DEFAULT,
    FACES_MAX,
    FACES_MIN,
    GUIDANCE_MAX,
    OCTREE_DEFAULT,
    OCTREE_MAX,
    OCTREE_MIN,
    STEPS_MAX,
    TEXTURE_SIZES,
    THICKNESS_MAX,
    THICKNESS_MIN,
)


# As files keep the choice: a painter that moves in the list stays the same in scenes that were saved before.
_PAINTER_NUMBERS = {TURBO_PAINTER: 0, STANDARD_PAINTER: 1, PREVIEW_PAINT: 2}
_NUMBERED_PAINTERS = [(*choice, _PAINTER_NUMBERS[choice[0]]) for choice in PAINTERS]

KINDS = [
    ("auto", "Automatic", "Turned where outline and colours say so, flat where both are those of a board, rounded otherwise", "AUTO", 0),
    ("inflate", "Rounded", "The outline is filled like a cushion; for toys, fruit, animals, chairs", "MESH_UVSPHERE", 1),
    ("revolve", "Turned", "The outline is turned about its upright axis; for bottles, bowls, lamps", "MESH_CYLINDER", 2),
    ("flat", "Flat", "The outline gets a thickness; for books, boxes, boards, signs", "MESH_PLANE", 3),
]


class QualitySettings:
    """Mixed into the groups that hold these settings: the scene's, and the preferences' defaults."""

    texture: BoolProperty(
        name="Texture",
        description="Paint the objects with the photo; without it they get one plain colour and are ready sooner",
        default=True,
    )
    texture_size: EnumProperty(
        name="Texture Size",
        description="Width and height of each texture in pixels; twice as many take four times the memory",
        items=[(str(size), f"{size} px", f"{size} x {size} pixels an object") for size in TEXTURE_SIZES],
    )
    faces: IntProperty(
        name="Faces",
        description="At most this many triangles an object, 500 to 200,000",
        default=FACES_DEFAULT,
        min=FACES_MIN,
        max=FACES_MAX,
        step=500,
    )
    quads: BoolProperty(
        name="Quads",
        description=(
            "When a run has ended, make its objects of four-sided faces, half as many, with their textures. "
            "It is done beside Blender; what cannot be made of quads stays as it is"
        ),
    )
    shape: EnumProperty(
        name="Kind",
        description="How an outline becomes a solid, where the list does not say it for a single thing",
        items=KINDS,
    )
    thickness: FloatProperty(
        name="Thickness",
        description="Depth of a rounded object as a share of its width, 0.05 to 3: 1 is as round as it is wide, less is flatter",
        default=1.0,
        min=THICKNESS_MIN,
        max=THICKNESS_MAX,
        step=5,
        precision=2,
    )
    cutter: EnumProperty(
        name="Built-in Cut-Out",
        description="What the preview engine finds things with and cuts them out",
        items=list(CUTTERS),
    )
    nameless: EnumProperty(
        name="Without Names",
        description="What the preview engine makes of a photo when no names are typed",
        items=[
            ("whole", "Everything as One", "All that stands out in the photo becomes one object"),
            ("each", "Each Thing by Itself", "Every thing that stands out in the photo becomes an object of its own"),
        ],
    )
    grounder: EnumProperty(
        name="Find With",
        description="The model that looks for the named things",
        items=list(GROUNDERS),
    )
    matter: EnumProperty(
        name="Cut Out With",
        description="The model that cuts the things out; the built-in one stands in where it is not downloaded",
        items=list(MATTERS),
    )
    shape_model: EnumProperty(
        name="Shape Model",
        description="The model that makes a solid of a cut-out",
        items=list(SHAPE_MODELS),
    )
    speed: EnumProperty(
        name="Speed",
        description="Which variant of the shape model works",
        items=list(SPEEDS),
    )
    steps: IntProperty(
        name="Steps",
        description="Sampler steps of the shape model, 1 to 100: more take longer; 0 takes the number that it was made for",
        default=0,
        min=0,
        max=STEPS_MAX,
    )
    guidance: FloatProperty(
        name="Guidance",
        description="How closely the shape follows the photo, up to 20; 0 takes what the model was made for",
        default=0.0,
        min=0.0,
        max=GUIDANCE_MAX,
        step=50,
        precision=1,
    )
    octree_resolution: IntProperty(
        name="Resolution",
        description=(
            "Cells along each side of the space in which the surface is looked for, 64 to 512: "
            "more shows finer detail and takes longer"
        ),
        default=OCTREE_DEFAULT,
        min=OCTREE_MIN,
        max=OCTREE_MAX,
        step=32,
    )
    budget: IntProperty(
        name="Faces",
        description="The shape is reduced to this many triangles, at most 5,000,000; 0 leaves it as the model made it",
        default=BUDGET_DEFAULT,
        min=0,
        max=BUDGET_MAX,
        step=5000,
    )
    painter: EnumProperty(
        name="Paint With",
        description="The model that paints the shapes, and the meshes that are re-textured",
        items=_NUMBERED_PAINTERS,
        default=STANDARD_PAINTER,
    )
    paint_steps: IntProperty(
        name="Steps",
        description="Sampler steps of the painter, 1 to 100: more take longer; 0 takes the number that it was made for",
        default=0,
        min=0,
        max=STEPS_MAX,
    )
    paint_guidance: FloatProperty(
        name="Guidance",
        description="How closely the painted sides follow the photo, up to 20; 0 takes what the painter was made for",
        default=0.0,
        min=0.0,
        max=GUIDANCE_MAX,
        step=50,
        precision=1,
    )
    match_positions: BoolProperty(
        name="Match Sides by Position",
        description=(
            "Paint Turbo compares each spot only with spots of the other sides that lie close to it on the object, so that colours "
            "stay where they belong; off, with every spot of every side. Try it the other way where the sides do not fit together"
        ),
        default=True,
    )
    delight: BoolProperty(
        name="Remove Light and Shadow",
        description=(
            "Take the photo's light and shadow out before it is painted with, so that your scene's lights "
            "are the only ones; without it painting is faster, and the photo's shading stays in the texture"
        ),
        default=True,
    )
