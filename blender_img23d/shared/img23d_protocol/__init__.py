"""The contract between Blender and the backend. Standard library only; imported by both sides.

What needs the messages is loaded when it is first asked for, and the codes of errors too: their classes take longer to make than
everything else here, and Blender's start, which needs the errors only, must not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import Img23DError, ProtocolError

if TYPE_CHECKING:
    from .codec import decode, encode
    from .errors.codes import ErrorCode
    from .messages import PROTOCOL_VERSION

__all__ = ["PROTOCOL_VERSION", "ErrorCode", "Img23DError", "ProtocolError", "decode", "encode"]

_LATE = {"PROTOCOL_VERSION": ".messages", "decode": ".codec", "encode": ".codec", "ErrorCode": ".errors.codes"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name], __name__), name)
