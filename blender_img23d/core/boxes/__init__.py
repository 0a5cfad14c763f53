"""The list of things in the photo, their boxes and brush strokes."""
