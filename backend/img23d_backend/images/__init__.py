"""Picture files: what they say about themselves, whether they may be opened, their pixels upright in 8 bits of sRGB.

Nothing is given to a decoder in C but what this package has checked and written anew (see `libraries`): a file from outside
never reaches one as it is.
"""

from .decode import decode_photo as decode_photo
from .decode import load_photo as load_photo
from .decode import photo_size as photo_size
from .file import read_file as read_file
