"""Backends in processes of their own, one a graphics card, for what makes more than one job: the HTTP server and the batch."""
