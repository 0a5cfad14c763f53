"""Files of Gaussian splats. Nothing here knows Blender."""
