"""Requests made from the panel, the queue's runner, and results applied to the scene."""
