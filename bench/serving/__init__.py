"""An empty Django project, to compare a server's answers with, and clients that load a server."""
