"""Colours onto a mesh's texture: baked from views, filled where no view shows the surface."""
