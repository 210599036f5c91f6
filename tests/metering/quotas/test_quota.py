import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

import events
from metering import Limit, UsagePrice
from metering.api.problems import quota_problem
from metering.asking import usage
from metering.models import Quota, Terms
from metering.periods import terms as terms_of
from metering.quotas import counters, limits, quota
from metering.quotas.quota import QuotaExceeded
from tenants.models import Tenant
from tests.events.log import an_event

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def take(tenant, meter="links", amount=1):
    try:
        return quota.consume(tenant, meter, amount)
    except QuotaExceeded as refused:
        return refused.decision


def use(log, tenant, meter, amount):
    """Events that the meter sums, stored."""
    event, name = {
        "links": ("Link Count Changed", "change"),
        "storage": ("Storage Changed", "bytes"),
    }[meter]
    log.store.append([an_event(event, tenant=tenant.schema_name, **{name: amount})])


def test_a_hard_limit_admits_just_as_much_as_it_says(log, acme):
    quota.set_limits(acme, {"links": 3})
    decisions = [take(acme) for _ in range(5)]
    assert [decision.allowed for decision in decisions] == [True, True, True, False, False]
    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0, 0]


def test_a_refusal_says_why_in_plain_english(log, acme):
    quota.set_limits(acme, {"links": 1, "storage": 50 * 1024**2, "api_calls": 1_000})
    take(acme)
    with pytest.raises(QuotaExceeded, match="has used all 1 links of its plan"):
        quota.consume(acme, "links")
    take(acme, "storage", 49 * 1024**2)
    refused = take(acme, "storage", 3 * 1024**2)
    assert refused.reason == (
        "This needs 3 MB, and your workspace has 1 MB left of the 50 MB of storage of its plan."
    )
    take(acme, "api_calls", 1_000)
    assert take(acme, "api_calls").reason.startswith(
        "Your workspace has used all 1,000 API calls of its plan. The count starts again on 1 "
    )


def test_a_soft_limit_never_refuses_but_says_that_it_is_passed(log, acme):
    quota.set_limits(acme, {"clicks": Limit(2, hard=False)})
    decisions = [take(acme, "clicks") for _ in range(3)]
    assert [decision.over for decision in decisions] == [False, False, True]
    assert decisions[2].allowed
    assert "Everything keeps working." in decisions[2].reason


def test_the_first_limits_of_a_workspace_are_kept_as_any_others(log, acme, globex):
    wanted = {"links": 3, "clicks": Limit(10, hard=False, price=UsagePrice(50))}
    kept = []
    for tenant, act in ((acme, limits.begin), (globex, limits.set_limits)):
        counters.forget_limits(tenant.schema_name)
        Quota.objects.for_tenant(tenant).delete()
        Terms.objects.for_tenant(tenant).delete()
        act(tenant, wanted, currency="eur")
        assert limits.of(tenant)["links"] == Limit(3)
        assert [take(tenant).allowed for _ in range(4)] == [True, True, True, False]
        terms = Terms.objects.for_tenant(tenant).order_by("meter")
        kept.append([terms_of.said(each) for each in terms])
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2


def test_a_raised_limit_is_in_force_at_once(log, acme):
    quota.set_limits(acme, {"links": 1})
    take(acme)
    assert not take(acme).allowed
    quota.set_limits(acme, {"links": 2})
    assert take(acme).allowed


def test_a_lowered_limit_keeps_what_there_is_and_refuses_more(log, acme):
    quota.set_limits(acme, {"links": 5})
    take(acme, amount=4)
    quota.set_limits(acme, {"links": 2})
    refused = take(acme)
    assert (refused.used, refused.allowed, refused.over) == (4, False, True)
    assert refused.reason == "Your workspace uses 4 links, and its plan includes 2."


def test_what_is_released_can_be_used_again(log, acme):
    quota.set_limits(acme, {"links": 1})
    take(acme)
    quota.release(acme, "links")
    assert take(acme).allowed


def test_a_meter_without_a_limit_is_unlimited_and_zero_means_none(log, acme):
    quota.set_limits(acme, {"links": 0, "seats": None})
    assert not take(acme).allowed
    assert take(acme, "seats", 10_000).remaining is None
    assert take(acme, "storage", 10**12).limit is None


def test_limits_that_are_not_named_any_more_are_lifted(log, acme):
    quota.set_limits(acme, {"links": 1, "seats": 1})
    quota.set_limits(acme, {"links": 1})
    assert limits.of(acme)["seats"] == Limit(None)


def test_another_workspace_is_not_touched(log, acme, globex):
    quota.set_limits(acme, {"links": 1})
    quota.set_limits(globex, {"links": 1})
    take(acme)
    assert take(globex).allowed


def test_limits_of_a_transaction_that_rolled_back_were_never_in_force(log, acme):
    quota.set_limits(acme, {"links": 1})
    with transaction.atomic():
        quota.set_limits(acme, {"links": 100})
        transaction.set_rollback(True)
    counters.forget_limits(acme.schema_name)
    assert Quota.objects.for_tenant(acme).get().limit == 1


def test_an_unknown_meter_or_a_negative_amount_is_a_mistake(log, acme):
    with pytest.raises(KeyError, match="the catalogue has"):
        quota.set_limits(acme, {"unicorns": 1})
    with pytest.raises(ValueError, match="release"):
        quota.consume(acme, "links", -1)


def test_peeking_uses_nothing(log, acme):
    quota.set_limits(acme, {"links": 1})
    assert quota.peek(acme, "links").remaining == 1
    assert quota.peek(acme, "links").remaining == 1
    take(acme)
    assert quota.peek(acme, "links").remaining == 0


def test_a_counter_that_redis_lost_is_filled_from_the_rollup(log, acme):
    quota.set_limits(acme, {"links": 5})
    take(acme, amount=4)
    use(log, acme, "links", 4)
    for key in log.redis.scan_iter(f"{_prefix()}:*"):
        log.redis.delete(key)
    decision = take(acme)
    assert decision.used == usage.current(acme, "links") + 1 == 5
    assert not take(acme).allowed


def test_a_counter_that_slept_while_redis_was_down_is_filled_from_the_rollup(log, acme):
    quota.set_limits(acme, {"links": 5})
    take(acme, amount=2)
    use(log, acme, "links", 4)  # two of them were allowed without it
    for key in log.redis.scan_iter(f"{_prefix()}*:links:*"):
        log.redis.hset(key, "born", "another-run-of-the-server:1")
    assert take(acme).used == 5
    assert not take(acme).allowed


def _prefix():
    return counters._prefix()


def test_without_redis_the_rollup_decides(log, settings, acme):
    quota.set_limits(acme, {"links": 5})
    use(log, acme, "links", 4)
    settings.REDIS_URL = NOBODY_LISTENS
    assert take(acme).allowed
    use(log, acme, "links", 1)
    assert not take(acme).allowed


def test_without_redis_what_came_with_a_row_counts_before_it_is_stored(log, settings, acme):
    quota.set_limits(acme, {"links": 1})
    said = {"change": 1, "link_id": UUID(int=1)}
    events.record_with_row("Link Count Changed", tenant=acme, properties=said)
    settings.REDIS_URL = NOBODY_LISTENS
    assert not take(acme).allowed


def test_without_redis_and_the_events_database_people_are_let_in(log, settings, acme):
    quota.set_limits(acme, {"links": 1})
    settings.REDIS_URL = NOBODY_LISTENS
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    assert [take(acme).allowed for _ in range(3)] == [True, True, True]


def test_a_month_counts_by_itself(log, acme):
    quota.set_limits(acme, {"api_calls": 1})
    now = datetime.now(UTC)
    assert quota.consume(acme, "api_calls", now=now).resets_at > now
    later = now + timedelta(days=32)
    assert quota.consume(acme, "api_calls", now=later).used == 1


def test_the_problem_names_meter_limit_and_the_way_on(log, acme):
    quota.set_limits(acme, {"links": 0})
    problem = quota_problem(take(acme), "http://acme.plg.localhost/billing/")
    assert problem == {
        "type": "urn:problem:quota-exceeded",
        "title": "Limit reached",
        "status": 402,
        "detail": "The plan of your workspace includes no links.",
        "meter": "links",
        "limit": 0,
        "used": 0,
        "remaining": 0,
        "resets_at": None,
        "upgrade_url": "http://acme.plg.localhost/billing/",
    }


@pytest.fixture
def crowd(committed):
    """A workspace that all threads see."""
    tenant = Tenant.objects.create(name="Crowd", slug="crowd", schema_name="w_crowd")
    yield tenant
    Quota.objects.for_tenant(tenant).delete()
    Tenant.objects.filter(pk=tenant.pk).delete()


def test_eight_threads_at_once_never_pass_a_hard_limit(log, crowd):
    quota.set_limits(crowd, {"links": 50})
    admitted, start = [], threading.Barrier(8)

    def worker():
        start.wait()
        admitted.extend(take(crowd).allowed for _ in range(20))
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 50
    assert len(admitted) == 160


def test_what_a_commit_set_replaces_what_an_old_reader_put_back(log, crowd):
    quota.set_limits(crowd, {"links": 1})
    stale = limits.of(crowd)
    quota.set_limits(crowd, {"links": 2})
    counters.fill_limits(crowd.schema_name, stale)
    assert [take(crowd).allowed for _ in range(3)] == [True, True, False]
