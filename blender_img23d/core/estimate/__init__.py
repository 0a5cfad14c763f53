"""How long a run takes, how much memory and disk it needs, and what is short."""
