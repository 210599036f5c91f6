"""`bin/bench tenants`: creating, filling and asking workspaces, against stock django-tenants."""

MODULES: tuple[str, ...] = ("claim", "signup", "burst", "size", "migrate", "request")
