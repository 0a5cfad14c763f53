"""The extension's long-lived state: the owner, the timer, requests, what the panels show."""
