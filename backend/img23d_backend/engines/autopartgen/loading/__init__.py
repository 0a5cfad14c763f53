"""From files to networks, and what parts are made with."""
