"""Archives are asked for later when there is too much to do; those that are made can be fetched."""

from __future__ import annotations

from tenants.models import Export

PAGE = "/settings/export/"


def test_a_new_archive_waits_with_words(client_for, people, acme, pressure_of):
    client = client_for(people.acme_owner, acme)
    pressure_of(2)
    answer = client.post(PAGE, {})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert "not made at this moment" in answer.content.decode()
    assert not Export.objects.filter(tenant=acme).exists()
    assert client.get(PAGE).status_code == 200
    pressure_of(1)
    assert client.post(PAGE, {}).status_code == 302
    assert Export.objects.filter(tenant=acme).exists()
