"""From what stands in the panel to requests, and from answers to objects: what is asked, what waits, what arrives."""
