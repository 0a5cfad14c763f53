"""Requests for parts: split a mesh or what a picture shows, and close the parts that are cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..shared.img23d_protocol.errors import bad_request
from ..shared.img23d_protocol.messages import Close, Settings, Split
from ..shared.img23d_protocol.options.parts.splitter import Splitter
from ..shared.img23d_protocol.options.settings import OPTIONS, splitter_named
from .requests import checked_photo, draw_seed, new_id


def build_split(*, name: str, mesh: str, picture: str, mask: str, engine: str, seed: int, settings: Settings, run_folder: Path) -> Split:
    """`mesh` is the .npz that the scene wrote into `run_folder`, empty where the picture alone tells. What the splitter does not look at
    is left out. Raises Img23DError where it lacks something, and as `checked_photo`.
    """
    splitter = splitter_named(settings.parts.splitter)
    lacking = splitter.lacks(mesh=bool(mesh), picture=bool(picture), mask=bool(mask))
    if lacking:
        raise bad_request(lacking)
    return Split(
        job=new_id(),
        run_folder=str(run_folder),
        name=name,
        mesh=mesh,
        picture=str(checked_photo(picture)) if picture and splitter.heeds_picture else "",
        mask=str(checked_photo(mask)) if mask and splitter.heeds_mask else "",
        engine=engine,
        seed=draw_seed(seed),
        settings=settings,
    )


def build_close(*, mesh: str, labels: str, run_folder: Path) -> Close:
    """`mesh` and `labels` are files that the scene wrote into `run_folder`."""
    return Close(job=new_id(), run_folder=str(run_folder), mesh=mesh, labels=labels)


def file_sets(splitter: Splitter, value: Callable[[str], object]) -> tuple[str, ...]:
    """The sets of weights that it works with; `value` of an option, by its property's name."""
    settings = Settings.of(**{one.key: value(one.key) for one in OPTIONS if splitter.heeds(one.key)})
    return tuple(dict.fromkeys(name for stage in settings.stages_of(splitter) for name in stage.file_sets()))
