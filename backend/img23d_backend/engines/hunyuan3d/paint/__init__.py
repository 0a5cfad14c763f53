"""From a mesh and a picture to its texture: light taken out of the picture, views drawn, views baked."""
