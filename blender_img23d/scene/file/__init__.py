"""The Blender file: windows, folders, tags, and which file is open."""
