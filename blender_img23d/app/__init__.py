"""What lives as long as the extension: the owner, the timer, requests, what the panels show."""
