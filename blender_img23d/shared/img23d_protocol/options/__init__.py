"""The options of each engine and each shared stage, declared once. `settings.Settings` puts them together: a line each.

Blender's properties, the panels, the presets, the checks, the records and the command line are made from what stands here.
Standard library only, and light: Blender's start reads it.
"""
