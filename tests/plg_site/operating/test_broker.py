"""What Celery does with a broker that goes away, as far as it is ours."""

import pytest
from django.conf import settings
from kombu import Connection

from plg_site.celery import app


def test_workers_use_the_transport_that_survives_a_lost_connection():
    with app.connection_for_read() as connection:
        assert type(connection.transport).__module__ == "plg_site.operating.broker"


def test_to_acknowledge_on_a_closed_channel_is_an_error_that_celery_expects():
    connection = Connection(settings.REDIS_URL, transport=settings.CELERY_BROKER_TRANSPORT)
    unacknowledged = connection.channel().qos
    errors = connection.connection_errors
    connection.close()
    with pytest.raises(errors, match="closed"):
        unacknowledged.ack("a task's tag")
