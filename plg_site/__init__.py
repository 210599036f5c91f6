"""The composition root: settings, hosts, processes. It may import every app; no app imports it."""

from plg_site import unneeded

unneeded.leave_out_tracing()  # in every process, before anybody imports a client of Redis
