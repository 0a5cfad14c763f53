"""How a backend is started on this machine: with which Python, which variables, and on which graphics card."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import img23d_protocol
from img23d_protocol.environment import interpreter_in, read_record
from img23d_protocol.variables import DEVICES, NETWORK, SYSTEM, WEIGHTS, Group, kept

from ..home import environment_folder, models_folder
from ..machine import nvidia
from .process import WorkerProcess

AUTOMATIC, PROCESSOR = "auto", "cpu"

_CUDA = "CUDA_VISIBLE_DEVICES"
_CHOSEN = (_CUDA, "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK")  # what a person says about cards before anything is started
_NO_CARD = {_CUDA: "-1", "HIP_VISIBLE_DEVICES": "-1"}
_THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one worker computes; `variables` show its process the card and no other."""

    label: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What every worker is started with. `python` has the packages of the engines, `models` are the weights."""

    python: Path
    models: Path

    def command(self, log: Path) -> list[str]:
        return python_command(self.python, "backend", "--log", str(log), "--models", str(self.models))

    def variables(self, place: Place) -> dict[str, str]:
        return child_variables() | dict(place.variables)

    def start(self, place: Place, log: Path) -> WorkerProcess:
        """Raises Img23DError(BACKEND_START)."""
        return WorkerProcess(self.command(log), self.variables(place), log)


def recipe(python: str = "", models: str = "") -> Recipe:
    """The Python that was chosen, or that IMG23D_PYTHON names, or of the private environment where it is ready, or this one."""
    return Recipe(python=backend_python(python), models=models_folder(models))


def backend_python(chosen: str = "") -> Path:
    """The chosen one may be a Python program or the folder of a private environment."""
    named = chosen or os.environ.get("IMG23D_PYTHON", "")
    folder = environment_folder(named)
    if named and not folder.is_dir():
        return folder
    return interpreter_in(folder) if read_record(folder) is not None else Path(sys.executable)


def python_command(python: Path, *arguments: str) -> list[str]:
    """A command of this program in another Python."""
    return [str(python), "-s", "-m", __name__.partition(".")[0], *arguments]


def child_variables(*more: Group) -> dict[str, str]:
    """What a backend needs of our variables, with these packages and nothing else of this Python's."""
    folders = [Path(__file__).parents[2], Path(img23d_protocol.__file__).parent.parent]
    needed = kept(os.environ, (SYSTEM, NETWORK, DEVICES, WEIGHTS, *more))
    return needed | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(map(str, folders))), "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}


def places(cards: str = AUTOMATIC, workers: int = 0, *, together: bool = False) -> tuple[Place, ...]:
    """One a card, or `workers` of them over the cards in turn. `cards` are numbers with commas, "cpu", or "auto" for all that there are;
    `together` each worker sees all of them."""
    found = _cards(cards)
    if together and len(found) > 1:
        found = [Place(label=" + ".join(one.label for one in found), variables={_CUDA: ",".join(one.variables[_CUDA] for one in found)})]
    count = workers or len(found)
    chosen = [found[number % len(found)] for number in range(count)]
    return tuple(_with_threads(place, count) for place in chosen) if count > 1 and not any(_has_card(place) for place in chosen) else tuple(chosen)


def _cards(cards: str) -> Sequence[Place]:
    if cards == PROCESSOR:
        return [Place(label=PROCESSOR, variables=_NO_CARD)]
    if cards != AUTOMATIC:
        numbers = [int(number) for number in cards.split(",")]
        uuids = [card.uuid for card in nvidia.cards()]
        # The driver counts along the bus and CUDA may not: an identifier says the same to both
        return [Place(label=f"gpu {number}", variables={_CUDA: uuids[number] if number < len(uuids) else str(number)}) for number in numbers]
    said = next(((name, os.environ[name]) for name in _CHOSEN if os.environ.get(name)), None)
    if said is not None:
        name, value = said
        return [Place(label=f"gpu {one}", variables={name: one}) for one in value.split(",")]
    seen = [Place(label=f"gpu {number}", variables={_CUDA: card.uuid}) for number, card in enumerate(nvidia.cards())]
    return seen or [Place(label=AUTOMATIC)]


def _has_card(place: Place) -> bool:
    return bool(place.variables) and place.variables != _NO_CARD


def _with_threads(place: Place, count: int) -> Place:
    """Several workers on one processor share its cores, unless a person said how many threads each takes."""
    if os.environ.get(_THREADS):
        return place
    return Place(label=place.label, variables={**place.variables, _THREADS: str(max(1, (os.cpu_count() or 1) // count))})
