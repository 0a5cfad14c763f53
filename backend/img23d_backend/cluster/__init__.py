"""Workers on the machines of a Ray cluster, behind the same interface as those of one machine. Ray is imported when a cluster is asked for."""
