"""What must be true of the store after anything that happened under load."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from plg_site.devstack.stack import Stack
from tests.stack.survival.furnish import LINKS
from tests.stack.survival.load import PATIENT, Load, Workspace, recount


def must_hold(stack: Stack, workspace: Workspace, load: Load) -> str:
    """Wait until all is stored, then compare; says what there is in the end."""
    counted = recount(stack, workspace)
    _every_acknowledged_event_is_stored_exactly_once(stack, workspace, load)
    assert counted["different"] == [], "a rollup is not its recount"
    # A line that a crash cut short was never acknowledged; anything else is a loss.
    assert [text for text in counted["dead"] if "malformed" not in text] == []
    assert counted["links"] == counted["links_metered"], "rows and meter disagree"
    _the_limit_is_in_force(workspace, load, links=counted["links"])
    return f"{counted['links']} links in the end"


def _the_limit_is_in_force(workspace: Workspace, load: Load, *, links: int) -> None:
    """Counters know what was allowed while they were away; without any log, people are let in."""
    workspace = replace(workspace, answer_within=PATIENT)  # nothing is killed any more
    most = max(LINKS, links)
    while (status := load.make_a_link(workspace)) == 201:
        links += 1
        assert links <= most, f"link number {links} where {LINKS} are allowed"
    assert status == 402


def _every_acknowledged_event_is_stored_exactly_once(
    stack: Stack, workspace: Workspace, load: Load
) -> None:
    with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as store:
        rows = store.execute(
            "SELECT id::text, context ->> 'request_id', name FROM event WHERE tenant = %s",
            [workspace.schema],
        ).fetchall()
    ids = [event_id for event_id, _, _ in rows]
    assert len(ids) == len(set(ids)), "an event is stored twice"
    assert load.kept - set(ids) == set(), "acknowledged events are lost"
    clicks = [request for _, request, name in rows if name == "Link Clicked" and request]
    assert len(clicks) == len(set(clicks)), "a click is stored twice"
    assert load.clicks_kept - set(clicks) == set(), "acknowledged clicks are lost"
    unanswered = len(load.clicks_tried) - len(load.clicks_kept)
    assert len(set(clicks) - load.clicks_kept) <= unanswered, "a click is stored that nobody made"
    known = load.tried | {event_id for event_id, request, _ in rows if request}
    unknown = [row for row in rows if row[0] not in known]
    assert all(row[2] not in ("Link Clicked", "Storage Changed") for row in unknown), (
        "an event is stored that nobody recorded"
    )
