"""The Celery application: Redis as broker, no result store."""

import os

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")

app = Celery("plg_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Keep the log format of settings.LOGGING instead of Celery's own."""
    import logging.config

    logging.config.dictConfig(settings.LOGGING)


@task_prerun.connect
@task_postrun.connect
def forget_the_tenant(**_: object) -> None:
    """A task starts and ends in public; one that works in a workspace takes its schema as an argument."""
    from tenants import schema

    schema.leave()
