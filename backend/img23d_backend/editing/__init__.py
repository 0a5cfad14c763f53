"""Editing pictures by a text: what the models that do so have in common."""
