"""What a new workspace finds, and the month of the demo."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django_tenants.utils import tenant_context

from events.store import get_store
from metering.asking import usage
from product import demo, seed
from product.catalogue import PLANS
from product.files import SAMPLE, storage
from product.models import File, Link


def test_a_new_workspace_has_a_link_and_a_real_file_to_look_at(acme, visitor):
    with tenant_context(acme):
        file = File.objects.get(is_sample=True)
        assert storage().open(file.storage_key).read() == SAMPLE.read_bytes()
        assert set(Link.objects.filter(is_sample=True).values_list("code", flat=True)) == {
            "sample",
            "sample-guide",
        }
    assert visitor.get("/sample").status_code == 302
    assert visitor.get("/sample-guide").status_code == 302


def test_the_sample_is_a_pdf():
    assert SAMPLE.read_bytes().startswith(b"%PDF-")
    assert SAMPLE.stat().st_size < 10_000


def test_samples_are_on_no_meter(fresh):
    assert usage.current(fresh, "links") == 0
    assert usage.current(fresh, "storage") == 0


def test_furnishing_a_workspace_is_quick(acme):
    with tenant_context(acme):
        took = []
        for _ in range(5):
            with transaction.atomic():
                Link.objects.filter(is_sample=True).delete()
                File.objects.filter(is_sample=True).delete()
                started = time.perf_counter()
                seed.standard()
                took.append(time.perf_counter() - started)
    assert min(took) < 0.03


def _counts(tenant) -> Counter[str]:
    with get_store().connection() as store:
        rows = store.execute(
            "SELECT name, count(*) FROM event WHERE tenant = %s GROUP BY 1", [tenant.schema_name]
        ).fetchall()
    return Counter(dict(rows))


def test_the_demo_tells_a_month_once_however_often_it_is_told(fresh, people, settle):
    now = datetime.now(UTC)
    before = _counts(fresh)
    with tenant_context(fresh):
        demo.fill(fresh, people.outsider, now=now)
        settle()
        told = _counts(fresh) - before
        demo.fill(fresh, people.outsider, now=now)
        settle()
    assert _counts(fresh) - before == told
    assert 300 <= told["Link Clicked"] <= 2_000


def test_the_demo_fits_the_free_plan_and_is_close_to_one_limit(fresh, people, settle):
    free = PLANS[0].limits
    with tenant_context(fresh):
        demo.fill(fresh, people.outsider)
    settle()
    used = {key: usage.current(fresh, key) for key in ("links", "clicks", "storage")}
    assert used["links"] == free["links"].value - 1
    assert used["clicks"] < free["clicks"].value
    assert 0 < used["storage"] < free["storage"].value


def test_every_demo_month_stays_below_the_free_clicks(fresh):
    """The story follows the calendar: no month of the coming year may end above the limit."""
    first = datetime.now(UTC).replace(hour=23, minute=59)
    for months in range(12):
        now = first + timedelta(days=30 * months)
        visits = (at for story in demo.STORIES for at, _ in demo._visits(fresh, story, now))
        by_month = Counter((at.year, at.month) for at in visits)
        assert max(by_month.values()) < 1_000


def test_demo_links_come_in_the_order_of_their_making(fresh, people):
    with tenant_context(fresh):
        demo.fill(fresh, people.outsider)
        made = list(
            Link.objects.filter(is_sample=False).order_by("id").values_list("created_at", flat=True)
        )
        assert made == sorted(made)
    assert connection.schema_name == "public"
