"""The scheduler: `celery -A plg_site.schedule beat` sends tasks by name when they are due.

It runs none itself, so it does without Django: it starts in half a second and stays small.
"""

from celery import Celery

from plg_site.operating import sent_at  # noqa: F401  (stamps what is sent)

app = Celery("plg_site", fixups=[])  # no fixups: Celery's own would set Django up
app.config_from_object("plg_site.settings", namespace="CELERY")
