"""Operators of what was made."""
