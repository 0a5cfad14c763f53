"""The folders of runs on disk: names, marks, cleaning up, what made an object."""
