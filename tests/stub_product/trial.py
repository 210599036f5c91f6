"""Run in a process of its own: a new installation with this product, from databases to a sale.

    PRODUCT_APP=tests.stub_product python -m tests.stub_product.trial

Everything that it asserts goes through the platform, which knows the product by its setting alone.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

from plg_site.devstack import databases


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command

    from plg_site.operating import preparation

    create_databases()
    cache.clear()
    preparation.shared_tables()
    preparation.event_store()
    preparation.workspace_pool()
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    use_it()
    print("The stub product works.")


def create_databases() -> None:
    """Both databases, empty; those of an earlier trial are dropped."""
    from django.conf import settings

    default = urlsplit(os.environ["DATABASE_URL"])
    default = default._replace(path=f"/{settings.DATABASES['default']['NAME']}")
    for address in (default, urlsplit(settings.EVENTS_DATABASE_URL)):
        server = urlunsplit(address._replace(path="/postgres"))
        with psycopg.connect(server, autocommit=True) as admin:
            databases.recreate(admin, address.path.lstrip("/"))


def use_it() -> None:
    """Sign up an owner, press until the limit, by page and by API."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from identity.models import User
    from metering.asking import usage
    from tenants.keys import api_keys
    from tenants.signing_up import provisioning

    owner = User.objects.create_user("owner@stub.example", "correct horse", name="Stub Owner")
    wanted = provisioning.NewWorkspace(name="Stub", slug="stub")
    tenant = provisioning.create_workspace(wanted, owner=owner)
    client = Client(headers={"host": f"stub.{settings.APP_DOMAIN}"})
    client.force_login(owner)

    page = client.get("/").content.decode()
    assert "Press me" in page, page
    assert 'href="/usage/"' in page, page
    assert client.post("/").status_code == 302
    assert client.post("/").status_code == 302

    _, secret = api_keys.create(tenant, name="stub", user=owner)
    key = {"Authorization": f"Bearer {secret}"}
    assert client.post("/api/v1/press", headers=key).json() == {"presses": 3}
    refused = client.post("/api/v1/press", headers=key)
    assert (refused.status_code, refused.json()["meter"]) == (402, "presses"), refused.content
    page = client.post("/")
    assert page.status_code == 402
    assert "3 presses" in page.content.decode()

    call_command("consume_events", once=True)
    assert usage.current(tenant, "presses") == 3
    assert "Presses" in client.get("/usage/").content.decode()
    assert client.get("/links/").status_code == 404
    assert "press" in client.get("/api/openapi.json").content.decode()


if __name__ == "__main__":
    main()
