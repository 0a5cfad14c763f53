"""The photo in Blender: its image, its editors, and what is drawn over it."""
