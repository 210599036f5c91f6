"""The addresses of each host: the site, a workspace, the files."""
