"""How many actors of which kind a cluster has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request


class Kind(StrEnum):
    """What an actor does: all of a photo, or some of the stages, whose models then stay in its card's memory."""

    PHOTO = "photo"
    FIND = "find"  # edit, locate, matte and depth
    SHAPE = "shape"
    PAINT = "paint"


STAGES = (Kind.FIND, Kind.SHAPE, Kind.PAINT)
_SPLIT_FROM = 3  # cards: with fewer, one would wait while another works


@dataclass(frozen=True, kw_only=True)
class Node:
    """What Ray says that a machine has."""

    cpus: float
    gpus: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many actors of a kind, and what each of them takes of its machine."""

    kind: Kind
    count: int
    cpus: float
    gpus: float


def no_room(share: Share) -> Img23DError:
    """Of workers for which nobody has found a machine."""
    need = f"{share.gpus:g} graphics cards" if share.gpus else f"{share.cpus:g} processors"
    return Img23DError(ErrorCode.BACKEND_START, f"No machine of the cluster has room for a worker, which takes {need}.")


def plan(nodes: Sequence[Node], *, is_built_in: bool, has_painter: bool = False, workers: int = 0, stages: str = "") -> tuple[Share, ...]:
    """With `stages`, such as `find=1,shape=4,paint=2`, actors for the stages, otherwise such for whole photos, `workers` where that is above 0.

    Where nothing is said, cards are parted by stages if there are enough, and a model of its own paints (`has_painter`): what paints with colours that the
    shape's model knows is best off beside it. Raises Img23DError(BAD_REQUEST).
    """
    cards = int(sum(node.gpus for node in nodes))
    if stages:
        return _staged(_counts(stages), nodes, cards=cards, is_built_in=is_built_in)
    if has_painter and cards >= _SPLIT_FROM and not workers:
        return _staged(_parted(cards), nodes, cards=cards, is_built_in=False)
    if is_built_in:
        return (Share(kind=Kind.PHOTO, count=workers or max(1, int(sum(node.cpus for node in nodes))), cpus=1.0, gpus=0.0),)
    if cards:
        return (Share(kind=Kind.PHOTO, count=workers or cards, cpus=1.0, gpus=1.0),)
    whole = _smallest(nodes)
    return (Share(kind=Kind.PHOTO, count=workers or max(1, sum(int(node.cpus // whole) for node in nodes)), cpus=whole, gpus=0.0),)


def _staged(counts: dict[Kind, int], nodes: Sequence[Node], *, cards: int, is_built_in: bool) -> tuple[Share, ...]:
    """Each with a card of its own where there are any, otherwise with a processor."""
    gpus = 1.0 if cards and not is_built_in else 0.0
    if gpus and sum(counts.values()) > cards:
        raise bad_request(f"The stages want {sum(counts.values())} graphics cards, and the cluster has {cards}: ask for fewer.")
    return tuple(Share(kind=kind, count=counts[kind], cpus=1.0, gpus=gpus) for kind in STAGES)


def _parted(cards: int) -> dict[Kind, int]:
    """One card finds, and of the others half and half shape and paint; the odd one shapes."""
    rest = cards - 1
    return {Kind.FIND: 1, Kind.SHAPE: rest - rest // 2, Kind.PAINT: rest // 2}


def _counts(text: str) -> dict[Kind, int]:
    counts: dict[Kind, int] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        if name.strip() not in set(STAGES) or not number.strip().isdecimal() or int(number) < 1:
            raise bad_request(f"“{part.strip()}” is no number of workers: write it as {'=1,'.join(STAGES)}=1.")
        counts[Kind(name.strip())] = int(number)
    missing = [kind for kind in STAGES if kind not in counts]
    if missing:
        raise bad_request(f"The stages lack {' and '.join(missing)}: write it as {'=1,'.join(STAGES)}=1.")
    return counts


def _smallest(nodes: Sequence[Node]) -> float:
    return min((node.cpus for node in nodes if node.cpus >= 1), default=1.0)
