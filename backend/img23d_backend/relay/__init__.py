"""The backend beside Blender whose work is done by `img23d serve` on another machine. Standard library only, as nothing else is on every laptop."""
