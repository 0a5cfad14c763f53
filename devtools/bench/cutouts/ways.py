"""The ways of cutting out that are compared, each through the product's own stages."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from img23d_backend.engines import PREVIEW, Engines
from img23d_backend.engines.preview import make_engine
from img23d_backend.stages import Context, CutOut, Engine, Found, NotFound, Photo
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Box, Settings, Wanted

DRAFT, NETWORK, FINAL = "the light-weight way", "IS-Net alone, one pass at 1024", "the preview engine"
NETWORK_SIDE = 1024  # pixels
_NETWORK_MODULE = "img23d_backend.engines.isnet.network"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one wanted thing: `alpha` (H, W) float32 over the photo, None where nothing was found, and what was said."""

    name: str
    alpha: np.ndarray | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Way:
    """`cut` takes a photo and what is wanted, which may be nothing. Only a way that `finds` can take names."""

    label: str
    cut: Callable[[Photo, Sequence[Wanted]], list[Answer]]
    finds: bool = True


def ways() -> list[Way]:
    """Those that this checkout has: without the network only the light-weight one."""
    found = [Way(label=DRAFT, cut=_by_engine(make_engine()))]
    network = _network()
    if network is None:
        return found
    engines = Engines(Path(tempfile.gettempdir()) / "no-models")  # the preview engine needs none
    return [*found, Way(label=NETWORK, cut=_by_network(network), finds=False), Way(label=FINAL, cut=_by_engine(engines.load(PREVIEW.id)))]


def whole(photo: Photo, answers: Sequence[Answer]) -> np.ndarray:
    """(H, W) float32: all that was cut out, together."""
    together = np.zeros((photo.height, photo.width), np.float32)
    for answer in answers:
        if answer.alpha is not None:
            np.maximum(together, answer.alpha, out=together)
    return together


def boxed(box: Sequence[float], photo: Photo, name: str = "thing") -> Wanted:
    """A box left, top, right, bottom in pixels as an artist would draw it."""
    left, top, right, bottom = box
    return Wanted(name=name, box=Box(left=left / photo.width, top=top / photo.height, right=right / photo.width, bottom=bottom / photo.height))


def timed(way: Way, photo: Photo, wanted: Sequence[Wanted]) -> tuple[list[Answer], float]:
    """What came, and the seconds by the clock."""
    start = time.perf_counter()
    return way.cut(photo, wanted), time.perf_counter() - start


def _by_engine(engine: Engine) -> Callable[[Photo, Sequence[Wanted]], list[Answer]]:
    def cut(photo: Photo, wanted: Sequence[Wanted]) -> list[Answer]:
        told: list[str] = []  # of the whole job; said with every thing
        context = Context(settings=Settings(), notify=told.append)
        founds = engine.grounder.locate(photo, tuple(wanted), context)
        answers = [_answer(engine, photo, found, context) for found in founds]
        return [Answer(name=one.name, alpha=one.alpha, notes=(*one.notes, *dict.fromkeys(told))) for one in answers]

    return cut


def _answer(engine: Engine, photo: Photo, found: Found | NotFound, context: Context) -> Answer:
    if isinstance(found, NotFound):
        return Answer(name=found.name, alpha=None, notes=(found.sentence,))
    try:
        cutout = engine.matter.cut_out(photo, found, context)
    except Img23DError as error:
        if error.code is not ErrorCode.EMPTY_CUTOUT:
            raise
        return Answer(name=found.name, alpha=None, notes=(error.sentence,))
    return Answer(name=found.name, alpha=in_the_photo(cutout, photo), notes=tuple(note for note in (found.note, cutout.note) if note))


def in_the_photo(cutout: CutOut, photo: Photo) -> np.ndarray:
    """(H, W) float32: a cut-out's alpha at its place; what of it lies outside of the photo is only its margin."""
    alpha = np.zeros((photo.height, photo.width), np.float32)
    height, width = cutout.rgba.shape[:2]
    left, top = max(cutout.left, 0), max(cutout.top, 0)
    right, bottom = min(cutout.left + width, photo.width), min(cutout.top + height, photo.height)
    own = cutout.rgba[top - cutout.top : bottom - cutout.top, left - cutout.left : right - cutout.left, 3]
    alpha[top:bottom, left:right] = own / np.float32(255)
    return alpha


def _network() -> object | None:
    """The network of the zip; None where this checkout has none, or where it was not fetched."""
    if importlib.util.find_spec(_NETWORK_MODULE.rpartition(".")[0]) is None:
        return None
    network = importlib.import_module(_NETWORK_MODULE).Network()
    return network if network.is_installed else None


def _by_network(network: object) -> Callable[[Photo, Sequence[Wanted]], list[Answer]]:
    """The whole photo through the network; a box, where there is one, cuts off what lies outside of it."""

    seen: dict[str, object] = {}  # the last photo and its matte: with a box it is the same pass

    def cut(photo: Photo, wanted: Sequence[Wanted]) -> list[Answer]:
        if seen.get("photo") is not photo:
            seen.update(photo=photo, alpha=network.matte(photo.rgb, NETWORK_SIDE))
        alpha = seen["alpha"]
        boxes = [one.box for one in wanted if one.box is not None]
        return [Answer(name="", alpha=_within(alpha, boxes[0]) if boxes else alpha)]

    return cut


def _within(alpha: np.ndarray, box: Box) -> np.ndarray:
    height, width = alpha.shape
    kept = np.zeros_like(alpha)
    part = slice(int(box.top * height), int(np.ceil(box.bottom * height))), slice(int(box.left * width), int(np.ceil(box.right * width)))
    kept[part] = alpha[part]
    return kept
