"""Arrays and transforms of Blender's meshes and objects."""
