"""acme's API over real HTTP, for programs that other people wrote. Fixtures: `endpoint`, `token`.

`*.localhost` does not resolve everywhere, so the workspace's name comes as a header (HOST).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection

from identity.models import User
from tenants.keys import api_keys
from tenants.models import ApiKey, Tenant

HOST = {"Host": f"acme.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadedWSGIServer):
    def close_request(self, request):
        connection.close()  # each request has a thread of its own
        super().close_request(request)


@pytest.fixture
def endpoint(committed) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tenant(committed) -> Tenant:
    return Tenant.objects.get(slug="acme")


@pytest.fixture
def token(log, tenant) -> Iterator[str]:
    owner = User.objects.get(email="owner@acme.example")
    key, secret = api_keys.create(tenant, name="a program's", user=owner)
    yield secret
    ApiKey.objects.filter(pk=key.pk).delete()
