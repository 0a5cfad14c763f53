"""Things that are known, so that an engine can be measured without any data of others: vessels, furniture, tools, toys, animals, thin things
and things with holes, in plain colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..surfaces.surface import Surface
from .animals import ANIMALS
from .furniture import FURNITURE
from .tools import TOOLS
from .toys import TOYS
from .vessels import VESSELS

OBJECTS: Mapping[str, Callable[[], Surface]] = VESSELS | FURNITURE | TOOLS | TOYS | ANIMALS
