"""What the artist can set for a run, put together from `options`: a line for each engine and each stage that several share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

from .all_engines import Common
from .camera import Camera
from .cutout import CutOut
from .declare import Choice, Engine, Option, Options, StageOptions, inner_kind, options_of
from .edit import Edit
from .further_views import FurtherViews
from .hunyuan3d import Hunyuan3D
from .instantmesh import InstantMesh
from .light import Light
from .machine import Machine
from .machine import StageDevices as StageDevices
from .matte import Matte
from .parts.parts import SPLITTERS as SPLITTERS
from .parts.parts import Parts
from .parts.parts import splitter_named as splitter_named
from .preview import Nameless as Nameless
from .preview import Preview
from .preview import ShapeKind as ShapeKind
from .search import Search
from .trellis import Trellis
from .triposg import TripoSG

Stage = TypeVar("Stage", bound=StageOptions)


class Settings(Options):
    """Blender keeps the engine by its place among these lines: a new one comes last."""

    common: Common = field(default_factory=Common)
    preview: Preview = field(default_factory=Preview)
    search: Search = field(default_factory=Search)
    matte: Matte = field(default_factory=Matte)
    camera: Camera = field(default_factory=Camera)
    hunyuan3d: Hunyuan3D = field(default_factory=Hunyuan3D)
    cutout: CutOut = field(default_factory=CutOut)
    trellis: Trellis = field(default_factory=Trellis)
    light: Light = field(default_factory=Light)
    instantmesh: InstantMesh = field(default_factory=InstantMesh)
    triposg: TripoSG = field(default_factory=TripoSG)
    further: FurtherViews = field(default_factory=FurtherViews)
    machine: Machine = field(default_factory=Machine)
    parts: Parts = field(default_factory=Parts)
    edit: Edit = field(default_factory=Edit)

    @classmethod
    def of(cls, **values: Any) -> Settings:
        """With some options set, by their properties' names. Raises Img23DError(BAD_REQUEST) for text that is no number or no choice,
        and KeyError for a name that no option has."""
        return cls().changed(**values)

    def changed(self, **values: Any) -> Settings:
        """The same with some options set, see `of`."""
        settings = self
        for name, value in values.items():
            one = option_named(name)
            settings = _set(settings, one.path, one.read(value))
        return settings

    def value(self, name: str) -> Any:
        """Of an option, by its property's name. Raises KeyError."""
        found: Any = self
        for step in option_named(name).path:
            found = getattr(found, step)
        return found

    def stage(self, kind: type[Stage]) -> Stage:
        """The options of this kind. Raises KeyError."""
        return _find(self, kind)

    def stages_of(self, engine: Engine) -> tuple[StageOptions, ...]:
        """The options that an engine heeds, in the order of its stages."""
        settings = self.heeded_by(engine)
        return tuple(settings.stage(kind) for kind in engine.uses)

    def file_sets(self, engine: Engine) -> tuple[str, ...]:
        """Of all models that an engine uses with these settings; none where everything is built in."""
        return tuple(name for part in self.stages_of(engine) for name in part.file_sets())

    def heeded_by(self, engine: Engine) -> Settings:
        """The same without what is for the projection, where something else paints."""
        if engine.projects(self.value):
            return self
        return self.changed(**{one.key: one.default for one in OPTIONS if one.is_for_projection})

    def paints(self, engine: Engine) -> bool:
        """Whether what that engine makes gets a texture."""
        return self.common.texture and engine.makes_meshes(self.value)

    def with_faces(self, faces: int) -> Settings:
        """The same for one thing with a number of its own; 0 changes nothing. What an engine cannot make so many of gets its most."""
        if not faces:
            return self
        own = {one.key: int(min(max(faces, one.minimum or 0), one.maximum or faces)) for one in OPTIONS if one.is_faces}
        return self.changed(**own)

    def with_kind(self, kind: ShapeKind) -> Settings:
        """The same for one thing of which is known what solid it becomes; AUTO changes nothing."""
        return self if kind is ShapeKind.AUTO else self.changed(**{one.key: kind for one in OPTIONS if one.is_kind})

    def of_one_thing(self) -> Settings:
        """The same for a photo that shows one thing only."""
        return self.changed(**{one.key: one.of_one_thing for one in OPTIONS if one.of_one_thing is not None})

    def as_trial(self) -> Settings:
        """The same on as little as shows whether a model works."""
        return self.changed(**{one.key: one.trial for one in OPTIONS if one.trial is not None})

    @staticmethod
    def upgraded(data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is read in place of what an older version wrote, see `codec`."""
        from .flat_settings import upgraded

        return upgraded(data)


def _find(part: Any, kind: type[Any]) -> Any:
    for one in fields(part):
        inner = getattr(part, one.name)
        if type(inner) is kind:
            return inner
        if is_dataclass(inner):
            try:
                return _find(inner, kind)
            except KeyError:
                continue
    raise KeyError(kind.__name__)


def _set(part: Any, path: tuple[str, ...], value: Any) -> Any:
    name, *rest = path
    return replace(part, **{name: _set(getattr(part, name), tuple(rest), value) if rest else value})


OPTIONS: tuple[Option, ...] = options_of(Settings)
REGISTERED: tuple[Engine, ...] = tuple(engine for one in Settings.declared().values() if isinstance(engine := getattr(inner_kind(one), "engine", None), Engine))
ENGINES: tuple[Choice, ...] = tuple(engine.choice for engine in REGISTERED)
PICKED_WITH: tuple[str, ...] = tuple(one.key for one in OPTIONS if one.decides_picks)  # names of properties
SPLAT_PAINTER = next(engine for engine in REGISTERED if engine.splat_painting)
BUILT_IN = next(engine for engine in REGISTERED if engine.is_built_in)
SET_UP: tuple[Engine, ...] = tuple(engine for engine in REGISTERED if not engine.is_built_in)  # what there is to download for


def heeded_options(engine: Engine) -> tuple[Option, ...]:
    """Those that an engine looks at."""
    return tuple(one for one in OPTIONS if engine.heeds(one.key))


@cache
def _by_name() -> dict[str, Option]:
    return {one.key: one for one in OPTIONS}


def option_named(name: str) -> Option:
    """By its property's name. Raises KeyError."""
    return _by_name()[name]


CUT_OUTS = next(engine for engine in SET_UP if "shape" not in engine.needs)  # which leaves the shapes to the built-in one


def licence_of(weights: str) -> str:
    """The licence that must be accepted for a file set, empty where there is none."""
    return next((engine.licence for engine in (*REGISTERED, *SPLITTERS) if engine.licensed and weights.startswith(engine.licensed)), "")


def first_to_set_up(licences: Collection[str]) -> Engine:
    """What a set-up makes ready as long as no other engine is asked for: the first with learned shapes whose licence, if it has one, is accepted."""
    return next(engine for engine in SET_UP if "shape" in engine.needs and (not engine.licence or engine.licence in licences))


def engine_named(identifier: str) -> Engine:
    """What another version's engine did nobody knows: the built-in one stands in for it."""
    return next((engine for engine in REGISTERED if engine.id == identifier), BUILT_IN)
