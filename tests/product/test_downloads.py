"""The files host."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client
from django_tenants.utils import tenant_context

from product.downloads import signed_address
from tests.object_store.kinds import both_storages

pytestmark = both_storages


@pytest.fixture
def files_host(db) -> Client:
    return Client(headers={"host": f"{settings.FILES_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"})


def path(address: str) -> str:
    return urlsplit(address).path


def test_a_short_link_leads_a_visitor_to_the_very_bytes(visitor, files_host, make_link, make_file):
    link = make_link(file=make_file(b"\x00\xffbytes", name="päper.bin", type="application/x-thing"))
    address = visitor.get(f"/{link.code}")["Location"]
    assert address.startswith(settings.FILES_URL)
    response = files_host.get(path(address))
    assert b"".join(response.streaming_content) == b"\x00\xffbytes"
    assert response["Content-Type"] == "application/x-thing"
    assert response["Content-Length"] == "7"


def test_what_is_downloaded_can_run_nothing(files_host, acme, make_file):
    file = make_file(b"<script>alert(1)</script>", name="x.html", type="text/html")
    response = files_host.get(path(signed_address(acme, file.id)))
    assert response["Content-Disposition"] == 'attachment; filename="x.html"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_the_files_host_sets_no_cookie_even_for_who_is_signed_in(
    files_host, people, acme, make_file
):
    files_host.force_login(people.acme_owner)
    response = files_host.get(path(signed_address(acme, make_file().id)))
    assert not response.cookies
    assert not files_host.get("/nonsense").cookies


def test_an_expired_address_says_so(files_host, acme, make_file, settings):
    address = signed_address(acme, make_file().id)
    settings.DOWNLOAD_LINK_SECONDS = -1
    response = files_host.get(path(address))
    assert response.status_code == 410
    assert "has expired" in response.content.decode()


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-2], lambda t: "x" + t, lambda t: "nonsense", lambda t: t[::-1]]
)
def test_a_changed_address_leads_nowhere(files_host, acme, make_file, spoil):
    token = path(signed_address(acme, make_file().id)).lstrip("/")
    assert files_host.get(f"/{spoil(token)}").status_code == 404


def test_a_token_of_one_workspace_does_not_reach_the_file_of_another(
    files_host, acme, globex, make_file
):
    theirs = make_file(tenant=globex)
    assert files_host.get(path(signed_address(acme, theirs.id))).status_code == 404


def test_a_token_signed_for_another_purpose_is_worth_nothing(files_host, acme, make_file):
    token = signing.dumps([acme.schema_name, make_file().id.hex], salt="something else")
    assert files_host.get(f"/{token}").status_code == 404


def test_a_schema_that_is_no_workspace_is_not_entered(files_host, make_file):
    token = signing.dumps(["public", make_file().id.hex], salt="product.download")
    assert files_host.get(f"/{token}").status_code == 404


def test_a_deleted_file_is_gone_for_who_still_has_an_address(files_host, acme, member, make_file):
    file = make_file()
    address = signed_address(acme, file.id)
    member.post(f"/files/{file.id}/delete/")
    assert files_host.get(path(address)).status_code == 404


def test_bytes_that_are_missing_are_a_404_and_no_crash(files_host, acme, make_file):
    from product.files import storage

    file = make_file()
    with tenant_context(acme):
        storage().delete(file.storage_key)
    assert files_host.get(path(signed_address(acme, file.id))).status_code == 404


def test_a_member_downloads_without_making_a_click(member, files_host, make_file, used):
    before, file = used("clicks"), make_file(b"mine")
    address = member.get(f"/files/{file.id}/download/")["Location"]
    assert b"".join(files_host.get(path(address)).streaming_content) == b"mine"
    assert used("clicks") == before


def test_the_files_host_takes_no_post(files_host, acme, make_file):
    assert files_host.post(path(signed_address(acme, make_file().id))).status_code in {403, 405}
