"""The contract between Blender and the backend. Standard library only; imported by both sides."""

from .codec import decode, encode
from .errors import ErrorCode, Img23DError, ProtocolError
from .messages import PROTOCOL_VERSION

__all__ = ["PROTOCOL_VERSION", "ErrorCode", "Img23DError", "ProtocolError", "decode", "encode"]
