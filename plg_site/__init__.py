"""The composition root: settings, hosts, processes. It may import every app; no app imports it."""
