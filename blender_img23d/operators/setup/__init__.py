"""Operators that set up the AI models, and that look for what is wrong."""
