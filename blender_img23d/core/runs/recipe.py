"""What made one object: enough to say it in plain words, and to make it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ...shared.img23d_protocol import ErrorCode, Img23DError, ProtocolError
from ...shared.img23d_protocol.choices import licence_named
from ...shared.img23d_protocol.codec import revive
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.messages import Box, Generate, Settings, Stage, Wanted
from ...shared.img23d_protocol.options.declare import Engine, Option, Record, label_of
from ...shared.img23d_protocol.options.settings import BUILT_IN, ENGINES, OPTIONS, engine_named, heeded_options, licence_of, splitter_named
from ..jobs import Job
from ..plausible import LONGEST_NAME, clean_text, sound_box, sound_faces, sound_moment, sound_seed, sound_settings
from ..requests import RANDOM_SEED, checked_photo, checked_wanted, draw_seed, heeded, new_id, new_run_folder

# The tags that an object carries, see `scene.file.tags`.
_PHOTO, _NAME, _BOX, _SEED, _ENGINE = "img23d_photo", "img23d_name", "img23d_box", "img23d_seed", "img23d_engine"
_FACES, _PART_OF = "img23d_faces", "img23d_part_of"
_SETTINGS, _RUN_FOLDER, _TIME, _VARIED = "img23d_settings", "img23d_run_folder", "img23d_time", "img23d_varied"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`wanted` is what was asked for so that this object came of it; none where the whole picture was one object.

    Paths are empty and numbers zero where they are not known.
    """

    name: str
    photo: str  # that boxes refer to
    original: str = ""  # the photo that it was edited from
    engine: str
    seed: int
    settings: Settings
    run_folder: str
    part_of: str = ""  # the name of what it was split from; the engine and the rest are then those of the splitting
    is_varied: bool = False  # made to be another than what the settings and the photo alone give
    wanted: tuple[Wanted, ...] = ()
    box: Box | None = None  # where it was found
    pixels_per_metre: float = 0.0
    cutout: str = ""
    preview: str = ""
    splats: str = ""
    started: float = 0.0  # wall time, seconds since 1970
    seconds: float = 0.0  # of the whole run

    @property
    def own_settings(self) -> Settings:
        """The run's, with the kind and the number of faces that this thing was given by itself."""
        if not self.wanted:
            return self.settings
        (own, *_) = self.wanted
        return self.settings.with_faces(own.faces).with_kind(own.shape)


def recipe_of_job(job: Job, index: int) -> Recipe:
    """From a job that generates, and a target that it has."""
    request, target = job.making, job.targets[index]
    is_alone = len(job.targets) == request.variants
    return Recipe(
        name=target.name,
        photo=job.seen_photo,
        original=request.original or (request.photo if job.edited else ""),
        engine=request.engine,
        seed=request.seed_of(index),
        is_varied=request.is_varied(index),
        settings=request.settings,
        run_folder=request.run_folder,
        wanted=request.wanted if is_alone else (_wanted_alone(job, index),),
        box=target.box,
        pixels_per_metre=request.pixels_per_metre,
        cutout=target.cutout,
        preview=target.preview,
        splats=target.splat_file,
        started=job.started,
        seconds=job.seconds,
    )


def recipe_of_part(job: Job, number: int) -> Recipe:
    """From a job that splits, and a part that it has."""
    request = job.splitting
    parts = job.division.parts if job.division is not None else ()
    made = next((one for one in job.targets[0].results.values() if one.piece.part == number), None)
    return Recipe(
        name=parts[number].name if number < len(parts) else made.name if made is not None else "",
        photo=request.picture,
        engine=request.engine,
        seed=request.seed,
        settings=request.settings,
        run_folder=request.run_folder,
        part_of=request.name,
        started=job.started,
        seconds=job.seconds,
    )


def recipe_of_tags(tags: Mapping[str, Any]) -> Recipe:
    """From what an object carries, where its run's folder is gone. Tags that are missing or damaged read as unknown."""
    name, box = clean_text(str(tags.get(_NAME, "")), LONGEST_NAME), _box(tags.get(_BOX))
    return Recipe(
        name=name,
        photo=clean_text(str(tags.get(_PHOTO, ""))),
        engine=clean_text(str(tags.get(_ENGINE, BUILT_IN.id)), LONGEST_NAME),
        seed=sound_seed(tags[_SEED]) if type(tags.get(_SEED)) is int else 0,
        is_varied=bool(tags.get(_VARIED) is True or tags.get(_VARIED) == 1),
        settings=_settings(tags.get(_SETTINGS)),
        run_folder=str(tags.get(_RUN_FOLDER, "")),
        part_of=clean_text(str(tags.get(_PART_OF, "")), LONGEST_NAME),
        wanted=(Wanted(name=name, box=box, faces=sound_faces(tags[_FACES]) if type(tags.get(_FACES)) is int else 0),),
        box=box,
        started=_started(tags.get(_TIME)),
    )


def build_again(
    recipe: Recipe,
    *,
    base_folder: Path,
    seed: int,
    engine: str = "",
    settings: Settings | None = None,
    variants: int = 1,
) -> Generate:
    """The same thing of the same photo by itself, as large as it was, or several variants of it; `seed` -1 draws another one,
    of which another thing comes with any engine.

    With other `engine` or `settings` it is looked for where it was found, not by its name.
    Raises Img23DError (PHOTO_NOT_FOUND, PHOTO_IS_FOLDER, PHOTO_EMPTY_FILE, BAD_REQUEST).
    """
    engine_now, settings_now = engine or recipe.engine, settings or recipe.settings
    sought = _sought(recipe) if engine or settings else recipe.wanted
    return Generate(
        job=new_id(),
        photo=str(_checked(recipe)),
        original=recipe.original,
        run_folder=str(new_run_folder(base_folder, recipe.photo)),
        wanted=tuple(heeded(checked_wanted(one), engine_now, settings_now) for one in sought),
        engine=engine_now,
        seed=draw_seed(seed),
        pixels_per_metre=recipe.pixels_per_metre,
        variants=variants,
        varies=recipe.is_varied or variants > 1 or seed == RANDOM_SEED,
        settings=settings_now,
    )


def words_of(recipe: Recipe) -> list[tuple[str, str]]:
    """What there is to say about how an object was made: label and value."""
    if recipe.part_of:
        return [("Part Of", recipe.part_of), *splitting_in_words(recipe.settings)]
    return settings_in_words(recipe.engine, recipe.own_settings)


def settings_in_words(engine: str, settings: Settings) -> list[tuple[str, str]]:
    """What of the settings this engine heeds, as the panel calls it: label and value."""
    known = engine_named(engine)
    words = [("Engine", label_of(ENGINES, engine))]
    words += [_in_words(one, record, settings) for one, record in _recorded(known, settings)]
    is_painted = settings.paints(known)
    words.append(("Texture", f"{settings.common.texture_size} px" if is_painted else "None"))
    return [*words, *_licences(known, settings, is_painted=is_painted)]


def splitting_in_words(settings: Settings) -> list[tuple[str, str]]:
    """The same of what something was split with."""
    splitter = splitter_named(settings.parts.splitter)
    words = [("Split With", splitter.label), *(_in_words(one, record, settings) for one, record in _recorded(splitter, settings))]
    return [*words, *_licences(splitter, settings, is_painted=False)]


def _licences(engine: Engine, settings: Settings, *, is_painted: bool) -> list[tuple[str, str]]:
    """Those that had to be accepted for the models that it was made with."""
    parts = [part for part in settings.stages_of(engine) if is_painted or Stage.PAINT not in part.stages]
    found = dict.fromkeys(licence_of(name) for part in parts for name in part.file_sets())
    return [("Licence", licence_named(one).recorded) for one in found if one]


def _recorded(engine: Engine, settings: Settings) -> list[tuple[Option, Record]]:
    """In the order of the record, without what is not said of these settings."""
    settings = settings.heeded_by(engine)
    heeded = [one for one in heeded_options(engine) if one.when is None or one.when.holds(settings.value)]
    records = [(one, one.record) for one in heeded if one.record is not None and one.record.label]
    said = [(one, record) for one, record in records if record.shown is None or record.shown.holds(settings.value)]
    return sorted((pair for pair in said if settings.value(pair[0].key) or not pair[1].hides_zero), key=lambda pair: pair[1].rank)


def _in_words(one: Option, record: Record, settings: Settings) -> tuple[str, str]:
    """Another option's value may follow behind a comma."""
    following = [other for other in OPTIONS if other.record is not None and other.record.follows == one.key]
    return record.label, ", ".join(_value_in_words(each, settings) for each in (one, *following))


def _value_in_words(one: Option, settings: Settings) -> str:
    value = settings.value(one.key)
    if one.choices:
        return one.label_of(value)
    return one.label if value is True else format(value, one.record.form if one.record is not None else "")


def _wanted_alone(job: Job, index: int) -> Wanted:
    """One of several is made from its box, since what a name finds depends on the other names."""
    wanted, target, thing = job.making.wanted, job.targets[index], job.making.thing_of(index)
    said = wanted[thing] if thing < len(wanted) else Wanted(name=target.name)
    return replace(said, name=target.name, box=target.box or said.box)


def _sought(recipe: Recipe) -> tuple[Wanted, ...]:
    return tuple(replace(one, box=one.box or recipe.box) for one in recipe.wanted)


def _checked(recipe: Recipe) -> Path:
    if not recipe.photo:
        raise bad_request("It is not known which photo this object was made from: choose the photo and press Generate.")
    try:
        return checked_photo(recipe.photo)
    except Img23DError as error:
        if error.code is not ErrorCode.PHOTO_NOT_FOUND:
            raise
        path = Path(recipe.photo)
        sentence = f"The photo “{path.name}” is no longer in {path.parent}: put it back there to make this object again."
        raise Img23DError(error.code, sentence, error.detail) from error


def _started(local_time: Any) -> float:
    try:
        return sound_moment(datetime.fromisoformat(local_time).timestamp())
    except (TypeError, ValueError, OverflowError, OSError):
        return 0.0


def _settings(text: Any) -> Settings:
    try:
        return sound_settings(revive(Settings, json.loads(text)))
    except (ProtocolError, ValueError, TypeError, RecursionError):
        return Settings()


def _box(sides: Any) -> Box | None:
    try:
        left, top, right, bottom = (float(side) for side in sides)
    except (TypeError, ValueError, OverflowError):
        return None
    return sound_box(Box(left=left, top=top, right=right, bottom=bottom))
