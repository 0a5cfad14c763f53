"""What all searches share: the words of names, and which of the things that were found answers which name."""
