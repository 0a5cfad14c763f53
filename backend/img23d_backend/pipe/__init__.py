"""The process beside Blender: its pipes, its log, its threads. Standard library only until the pipes are taken."""
