"""Links and files over the API."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from product.models import Link

TARGET = "https://example.com/long"


def upload(content: bytes = b"bytes", name: str = "a.txt"):
    return {"data": {"file": SimpleUploadedFile(name, content, content_type="text/plain")}}


def test_a_link_is_made_read_changed_and_deleted(api, visitor):
    made = api.post("/links", {"target_url": TARGET, "title": "By API", "code": "by-api"})
    assert made.status_code == 201
    link = made.json()
    assert link["short_url"].endswith("/by-api")
    assert (link["target_url"], link["title"], link["is_sample"]) == (TARGET, "By API", False)
    assert visitor.get("/by-api")["Location"] == TARGET

    changed = api.patch(f"/links/{link['id']}", {"target_url": "https://example.com/new"})
    assert (changed.json()["target_url"], changed.json()["title"]) == (
        "https://example.com/new",
        "By API",
    )
    assert api.get(f"/links/{link['id']}").json() == changed.json()

    assert api.delete(f"/links/{link['id']}").status_code == 204
    assert api.get(f"/links/{link['id']}").status_code == 404
    assert api.delete(f"/links/{link['id']}").status_code == 404


def test_what_is_made_by_a_key_is_made_in_its_owners_name(api, people, in_acme):
    from identity.persons import person_of

    made = api.post("/links", {"target_url": TARGET}).json()
    with in_acme():
        assert Link.objects.get(pk=made["id"]).created_by == person_of(people.acme_owner).id


def test_a_link_of_the_api_takes_a_place(api, used):
    before = used("links")
    made = api.post("/links", {"target_url": TARGET}).json()
    assert used("links") == before + 1
    api.delete(f"/links/{made['id']}")
    assert used("links") == before


def test_the_list_is_read_page_by_page_without_gap_or_repetition(api, make_link):
    made = [str(make_link().id) for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = api.get(f"/links?limit=2{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen[:5] == made[::-1]
    assert len(seen) == len(set(seen))


def test_a_link_shows_its_clicks(api, visitor, make_link, settle):
    link = make_link()
    visitor.get(f"/{link.code}")
    settle()
    assert api.get(f"/links/{link.id}").json()["clicks"] == 1


def test_the_same_idempotency_key_finds_the_same_link(api, used):
    before, key = used("links"), {"headers": {"Idempotency-Key": str(uuid4())}}
    first = api.post("/links", {"target_url": TARGET}, **key)
    again = api.post("/links", {"target_url": TARGET}, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert used("links") == before + 1


def test_an_idempotency_key_works_at_the_limit_and_after_a_change(api, leave):
    leave(links=1, api_calls=10)
    key = {"headers": {"Idempotency-Key": "once"}}
    first = api.post("/links", {"target_url": TARGET}, **key).json()
    api.patch(f"/links/{first['id']}", {"target_url": "https://example.com/other"})
    assert api.post("/links", {"target_url": TARGET}, **key).json()["id"] == first["id"]


def test_an_idempotency_key_cannot_be_used_for_something_else(api):
    key = {"headers": {"Idempotency-Key": "once"}}
    api.post("/links", {"target_url": TARGET}, **key)
    refused = api.post("/links", {"target_url": "https://example.com/other"}, **key)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_file_is_uploaded_listed_shared_and_deleted(api, used):
    before = used("storage")
    made = api.post("/files", **upload(b"x" * 500, "plan.txt"))
    assert made.status_code == 201
    file = made.json()
    assert (file["name"], file["size"], file["content_type"]) == ("plan.txt", 500, "text/plain")
    assert api.get("/files?limit=1").json()["items"] == [file]
    assert used("storage") == before + 500

    link = api.post("/links", {"file_id": file["id"]}).json()
    assert (link["file_id"], link["target_url"]) == (file["id"], None)
    refused = api.patch(f"/links/{link['id']}", {"target_url": TARGET})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "target_url")

    assert api.delete(f"/files/{file['id']}").status_code == 204
    assert api.get(f"/links/{link['id']}").status_code == 404
    assert used("storage") == before


def test_an_empty_or_oversized_upload_is_refused(api, settings, uploads):
    settings.UPLOAD_MAX_BYTES = 100_000
    before = uploads()
    empty = api.post("/files", **upload(b""))
    assert (empty.status_code, empty.json()["errors"][0]["field"]) == (422, "file")
    assert api.post("/files", **upload(b"x" * 100_001)).status_code == 413
    assert api.post("/files").status_code == 422
    assert uploads() == before


def test_each_call_with_a_valid_key_is_counted_and_told_by_its_route(
    api, acme, used, settle, make_link
):
    from events.store import get_store

    before, link = used("api_calls"), make_link()
    api.get(f"/links/{link.id}")
    api.get("/links", key="sk_wrong")
    assert used("api_calls") == before + 1
    with get_store().connection() as connection:
        (properties,) = connection.execute(
            "SELECT properties FROM event WHERE tenant = %s AND name = 'API Called'"
            " ORDER BY time DESC LIMIT 1",
            [acme.schema_name],
        ).fetchone()
    assert (properties["method"], properties["path"]) == ("GET", "/api/v1/links/{link_id}")
    assert UUID(properties["key_id"])


def test_usage_is_part_of_the_api(api):
    meters = {reading["meter"] for reading in api.get("/usage").json()}
    assert {"links", "clicks", "storage", "api_calls"} <= meters


def test_the_document_describes_every_operation_and_the_form_of_refusals(member):
    document = member.get("/api/openapi.json").json()
    operations = {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }
    assert {"list_links", "create_link", "get_link", "change_link", "delete_link"} <= set(
        operations
    )
    assert {"list_files", "upload_file", "delete_file"} <= set(operations)
    assert all("/api/v1/" in path for path in document["paths"])
    assert all("default" in operation["responses"] for operation in operations.values())
    assert all(operation["summary"] for operation in operations.values())


def test_the_documentation_is_for_members(member, visitor, client_for, outsider, acme):
    assert member.get("/api/docs").status_code == 200
    assert visitor.get("/api/docs").status_code == 302
    assert client_for(outsider, acme).get("/api/docs").status_code == 404


def test_the_document_is_for_everybody_and_names_nobody(
    member, visitor, client_for, outsider, acme
):
    read = [each.get("/api/openapi.json") for each in (member, visitor, client_for(outsider, acme))]
    assert [answer.status_code for answer in read] == [200, 200, 200]
    assert len({answer.content for answer in read}) == 1
    assert acme.name.encode() not in read[0].content


def test_the_documentation_needs_no_inline_script(member):
    page = member.get("/api/docs").content.decode()
    assert page.count("<script") == page.count("<script src=") + page.count(
        'type="application/json"'
    )


@pytest.mark.parametrize("path", ["/links", "/files", "/usage"])
def test_a_session_is_no_key(member, path):
    assert member.get(f"/api/v1{path}").status_code == 401
