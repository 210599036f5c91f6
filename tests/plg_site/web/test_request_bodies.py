"""How large a body may be is asked before a byte of it is read."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.conf import settings
from django.test import Client
from gunicorn.http.errors import InvalidChunkSize, NoMoreData

from plg_site.web import request_bodies

HUGE = 300 * 1024 * 1024


class Untouched(BytesIO):
    """A body that nobody may read."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        Untouched.read_bytes += 1
        raise AssertionError("the body was read")


def send(client: Client, path: str, *, length: int, method: str = "POST", **more):
    """A request that says it has so many bytes; they must not be touched."""
    return client.generic(
        method,
        path,
        **{
            "wsgi.input": Untouched(),
            "CONTENT_LENGTH": str(length),
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            **more,
        },
    )


@pytest.mark.parametrize(
    "path", ["/login/", "/signup/", "/login/code/", "/password/reset/", "/email/", "/nothing/here/"]
)
def test_a_huge_body_to_a_form_of_the_site_is_refused_unread(client_for, path):
    answer = send(client_for(), path, length=HUGE)
    assert answer.status_code == 413
    assert "larger than" in answer.content.decode()
    assert "default-src" in answer["Content-Security-Policy"]


def test_forms_of_the_site_are_small(client_for):
    assert send(client_for(), "/login/", length=request_bodies.FORM + 1).status_code == 413


def test_the_answer_is_a_problem_where_a_program_asks(client_for, acme):
    answer = send(client_for(None, acme), "/api/v1/links", length=HUGE)
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 413


@pytest.mark.parametrize("path", ["/workspaces/import/", "/cms/images/add/"])
def test_who_brings_much_is_asked_who_they_are_before_it_is_read(client_for, path):
    answer = send(client_for(), path, length=10 * 1024 * 1024)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_an_import_is_read_only_from_somebody_with_a_proved_address(client_for, people):
    people.outsider.emailaddress_set.update(verified=False)
    answer = send(client_for(people.outsider), "/workspaces/import/", length=10 * 1024 * 1024)
    assert answer.status_code == 403
    assert "verify your address" in answer.content.decode()


def test_an_import_is_not_read_while_others_of_the_person_wait(client_for, people):
    from tenants.archive import imports
    from tenants.models import Import

    for _ in range(imports.MOST_WAITING):
        Import.objects.create(owner=people.outsider)
    answer = send(client_for(people.outsider), "/workspaces/import/", length=10 * 1024 * 1024)
    assert answer.status_code == 403
    assert "still being checked" in answer.content.decode()


def test_a_large_file_is_read_only_from_a_member(client_for, people, acme):
    much = 5 * 1024 * 1024
    assert send(client_for(people.outsider, acme), "/files/", length=much).status_code == 404
    assert send(client_for(None, acme), "/files/", length=much).status_code == 302


def test_more_than_a_file_may_have_is_refused_unread_from_a_member_too(client_for, people, acme):
    much = settings.UPLOAD_MAX_BYTES * 2
    assert send(client_for(people.acme_member, acme), "/files/", length=much).status_code == 413


def test_what_may_be_uploaded_passes(client_for, people, acme):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("notes.txt", b"x" * 3_000_000, "text/plain")
    answer = client_for(people.acme_member, acme).post("/files/", {"file": file})
    assert answer.status_code == 302


def chunked(client: Client, path: str, body: bytes):
    return client.generic(
        "POST",
        path,
        **{
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )


def test_a_body_of_unknown_length_is_read_up_to_the_limit_and_no_further(client_for):
    assert chunked(client_for(), "/login/", b"x" * (request_bodies.FORM + 1)).status_code == 413


def test_a_body_of_unknown_length_is_a_body_all_the_same(client_for, people):
    form = f"login={people.acme_owner.email}&password=correct+horse".encode()
    assert chunked(client_for(), "/login/", form).status_code == 302


def test_an_import_says_how_long_it_is(client_for, people):
    assert chunked(client_for(people.outsider), "/workspaces/import/", b"x").status_code == 411


@pytest.mark.parametrize("length", ["-5", "x", "9" * 30])
def test_a_length_that_is_none_is_no_error_of_ours(client_for, length):
    answer = client_for().generic("POST", "/login/", b"", "text/plain", CONTENT_LENGTH=length)
    assert answer.status_code in {200, 400, 413}


def test_the_products_table_names_settings_that_are_there():
    from importlib import import_module

    table = import_module(f"{settings.PRODUCT_APP}.urls").body_limits
    for most in [*table.values(), *request_bodies.SITE.values()]:
        assert isinstance(most, int) or getattr(settings, most) > 0


@pytest.mark.parametrize("length", [f"{HUGE:020}", "9" * 40, "1" + "0" * 19])
def test_a_length_in_many_digits_is_as_long_as_it_says(client_for, length):
    answer = client_for().generic(
        "POST", "/login/", **{"wsgi.input": Untouched(), "CONTENT_LENGTH": length}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events/x/", "/api/v1/eventsource"])
def test_only_the_one_address_of_a_workspace_that_asks_itself_is_left_to_do_so(
    client_for, acme, path
):
    assert send(client_for(), path, length=HUGE).status_code == 413
    if path != "/api/v1/events":
        assert send(client_for(None, acme), path, length=HUGE).status_code == 413


def test_the_form_that_an_answer_should_have_decides_nothing_else(client_for):
    length = 10 * 1024 * 1024
    answer = send(client_for(), "/cms/images/add/", length=length, HTTP_ACCEPT="application/json")
    assert answer.status_code == 302


class Breaking(BytesIO):
    """A body that breaks off, as gunicorn tells it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidChunkSize(b"zz"), 400), (NoMoreData(b""), 400), (TimeoutError("slow"), 408)],
    ids=["no chunk", "no more", "too slow"],
)
@pytest.mark.parametrize("path", ["/login/", "/stripe/webhook/x/", "/identity/o/api/token"])
def test_a_body_that_breaks_off_is_told_so(client_for, path, error, status):
    answer = client_for().generic(
        "POST",
        path,
        **{"wsgi.input": Breaking(error), "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == status


def test_so_is_a_program(outside, client_for, acme):
    """With a length: then it is the API that reads."""
    answer = client_for(None, acme).generic(
        "POST",
        "/api/v1/links",
        **{
            "wsgi.input": Breaking(TimeoutError("slow")),
            "CONTENT_LENGTH": "10",
            "CONTENT_TYPE": "application/json",
            "HTTP_AUTHORIZATION": f"Bearer {outside.key}",
        },
    )
    assert answer.status_code == 408
    assert answer["Content-Type"] == "application/problem+json"
