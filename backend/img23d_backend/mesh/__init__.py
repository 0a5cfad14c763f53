"""Triangle meshes: topology < raster < uv < texture, each knows those before it; isosurface/ and heightfield/ make meshes, glb.py writes them."""
