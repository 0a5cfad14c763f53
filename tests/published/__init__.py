"""What the published weight files hold, written down from public sources and never from what our code or a library writes."""
