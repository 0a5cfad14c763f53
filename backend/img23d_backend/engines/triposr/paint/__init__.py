"""Textures from the field's colours and the photo."""
