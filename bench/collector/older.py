"""Events a second beside those of `POST /api/v1/events` at an older commit, each as deployed, in turns.

The bodies have as many events: Segment's form here, CloudEvents there, with the same properties.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench import against
from bench.against import NoHistory, Side, medians
from bench.collector import EVENTS, load
from bench.collector.load import Post
from bench.figures import Figure
from bench.older.site import COMMIT
from bench.serving.clients import wanting
from bench.sizes import TINY, Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import State

TURNS, SECONDS = 5, 4
_ENVIRON = {
    "DEBUG": "0", "WATCH_FILES": "0", "API_RATE_PER_KEY": "1000000/s",
    "API_RATE_PER_WORKSPACE": "1000000/s",
}  # fmt: skip
_KEY = Path(__file__).with_name("older_key.py")
_SOURCE = Path(__file__).with_name("source_key.py")


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    del stack  # each side has services of its own
    try:
        older = against.checked_out(COMMIT)
    except NoHistory as error:
        if size is not TINY:
            raise
        return [_figure([[0.0], [0.0]], void=f"skipped: {error}")]
    seconds = max(1, size.of(SECONDS))
    with ExitStack() as running:
        sides = []
        for code in (older, against.PRESENT):
            folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="plg-older-")))
            running.callback(State(folder).remove)
            with step(f"  {code.name}"):
                sides.append(
                    running.enter_context(code.running(folder, apart=True, environ=_ENVIRON))
                )
        posts = [_cloud_events(sides[0]), _segment(sides[1])]
        for post in posts:
            load.requests_per_second(post, seconds=1)  # warm
        rates = against.in_turns(
            posts, lambda post: load.requests_per_second(post, seconds=seconds), runs=size.of(TURNS)
        )
    return [_figure(rates, void=wanting())]


def _segment(side: Side) -> Post:
    found = side.run(_SOURCE)
    port = int(side.env["COLLECT_URL"].rpartition(":")[2])
    return Post(port, "/v1/batch", f"Basic {found['basic']}", load.batch())


def _cloud_events(side: Side) -> Post:
    found = side.run(_KEY)
    said = datetime.now(UTC).isoformat()
    events = [
        {
            "specversion": "1.0", "id": f"{number:04d}-SEQUENCE", "source": "bench", "time": said,
            "type": "Conversion Reported", "data": {"amount": "19.5", "currency": "EUR"},
        }
        for number in range(EVENTS)
    ]  # fmt: skip
    return Post(
        side.port,
        "/api/v1/events",
        f"Bearer {found['key']}",
        json.dumps(events, separators=(",", ":")),
        host=f"{found['slug']}.{side.domain}:{side.port}",
        content_type="application/cloudevents-batch+json",
    )


def _figure(columns: list[list[float]], *, void: str = "") -> Figure:
    then, now = medians(columns)
    runs = ", ".join(
        f"{b * EVENTS:,.0f} of {a * EVENTS:,.0f}" for a, b in zip(*columns, strict=True)
    )
    return Figure(
        name=f"events in batches of {EVENTS} over HTTP",
        value=now * EVENTS,
        unit="events/s",
        reference=f"events/s of /api/v1/events at commit {COMMIT}",
        reference_value=then * EVENTS,
        bar=2.5,
        better="more",
        note=f"runs: {runs}",
        void=void,
    )
