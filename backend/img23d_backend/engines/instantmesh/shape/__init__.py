"""Views of a thing to its mesh."""
