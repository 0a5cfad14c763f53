"""The weights on disk: what there is to install, how it comes, how it is checked. Standard library only until something is fetched."""
