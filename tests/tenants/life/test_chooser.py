"""The list of a person's workspaces says what became of each."""

from __future__ import annotations

from tenants.life import suspension


def test_the_chooser_marks_a_suspended_workspace(client_for, people, acme):
    client = client_for(people.acme_owner)
    assert "Suspended" not in client.get("/workspaces/").content.decode()
    suspension.suspend(acme, because="Look", by=people.outsider)
    assert "Suspended" in client.get("/workspaces/").content.decode()
