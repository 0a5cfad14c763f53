"""The photo, large over a 3D viewport, to pick things in."""
