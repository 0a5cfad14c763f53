"""The HTTP server: jobs for people at other machines, and the endpoints of the reference service. It needs the extra `serve`."""
