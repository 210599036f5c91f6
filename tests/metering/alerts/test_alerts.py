import threading

import pytest
from django.core import mail
from django.db import connection

from events.models import OutboxEvent
from metering import Limit, UsagePrice, alerts
from metering.alerts import Threshold
from metering.models import AlertSent, Terms
from metering.quotas import limits
from metering.tasks import evaluate_alerts
from tests.events.log import an_event


@pytest.fixture
def use(log, acme):
    """`use("links", 8)`: so many more are used, and stored."""
    events = {"links": ("Link Count Changed", "change"), "clicks": ("Link Clicked", None)}

    def more(meter, amount):
        name, key = events[meter]
        schema = acme.schema_name
        if key:
            return log.store.append([an_event(name, tenant=schema, **{key: amount})])
        return log.store.append([an_event(name, tenant=schema) for _ in range(amount)])

    return more


@pytest.fixture
def look(acme, django_capture_on_commit_callbacks):
    """`look()` evaluates acme; gives the subjects of the mails that went out."""

    def now():
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            alerts.evaluate(acme)
        return [message.subject for message in mail.outbox]

    return now


def test_every_limit_has_alerts_without_any_setup_also_one_that_costs_money(acme):
    priced = Limit(1_000, hard=False, price=UsagePrice(1_00, per=1_000))
    limits.set_limits(acme, {"links": 10, "clicks": priced}, currency="usd")
    found = [(each.meter, each.key, each.by_default) for each in alerts.of(acme)]
    assert found == [
        ("links", "80%", True),
        ("links", "100%", True),
        ("clicks", "80%", True),
        ("clicks", "100%", True),
    ]


def test_owners_are_told_when_usage_begins_to_cost(acme, use, look):
    priced = Limit(5, hard=False, price=UsagePrice(1_00, per=1_000))
    limits.set_limits(acme, {"clicks": priced}, currency="usd")
    use("clicks", 4)
    assert look() == ["Acme: 4 of 5 clicks used"]
    use("clicks", 3)
    assert look() == ["Acme: 7 clicks used, more than the 5 of the limit"]
    assert "what is above is on your next invoice" in mail.outbox[0].body


def test_it_stands_under_the_bell_of_managers_and_of_nobody_else(
    acme, use, look, people, client_for
):
    limits.set_limits(acme, {"links": 10})
    use("links", 9)
    look()
    page = client_for(people.acme_owner, acme).get("/notifications/").content.decode()
    assert page.count(">Acme: 9 of 10 links used</a>") == 1
    assert 'href="/usage/links/"' in page
    page = client_for(people.acme_member, acme).get("/notifications/").content.decode()
    assert "9 of 10" not in page


def test_a_mail_says_what_is_used_and_at_what_it_was_to_be_said(acme, use, look):
    limits.set_limits(acme, {"links": 10})
    use("links", 9)  # past the 8 at which managers are told
    assert look() == ["Acme: 9 of 10 links used"]
    assert "You are told at 80 % of the limit, which is 8." in mail.outbox[0].body
    assert "80 % of links used" not in mail.outbox[0].body


def test_a_threshold_is_mailed_once_a_period(acme, use, look, people):
    limits.set_limits(acme, {"links": 10})
    use("links", 7)
    assert look() == []
    use("links", 1)
    assert look() == ["Acme: 8 of 10 links used"]
    [message] = mail.outbox
    assert message.to == [people.acme_owner.email]
    assert "Your workspace has used 8 links" in message.body
    assert "/usage/links/" in message.body
    assert look() == []
    use("links", 2)
    assert look() == ["Acme: all 10 links are used"]
    assert look() == []


def test_two_thresholds_passed_at_once_are_one_mail(acme, use, look):
    limits.set_limits(acme, {"links": 10})
    use("links", 12)
    assert look() == ["Acme: 12 links used, more than the 10 of the limit"]
    assert AlertSent.objects.for_tenant(acme).count() == 2
    use("links", -3)
    assert look() == []


def test_another_limit_makes_it_news_again(acme, use, look):
    limits.set_limits(acme, {"links": 10})
    use("links", 8)
    look()
    limits.set_limits(acme, {"links": 20})
    use("links", 8)
    assert look() == ["Acme: 16 of 20 links used"]


def test_what_never_starts_again_may_warn_again_after_it_went_down(acme, use, look):
    limits.set_limits(acme, {"links": 100})
    use("links", 80)
    assert len(look()) == 1
    use("links", -5)  # still close
    assert look() == []
    use("links", 5)
    assert look() == []
    use("links", -9)  # below nine tenths of the threshold
    assert look() == []
    use("links", 9)
    assert len(look()) == 1


def test_an_alert_at_an_amount_goes_to_those_who_were_chosen(acme, use, look, people):
    from tenants.models import Membership, Role

    Membership.objects.filter(user=people.acme_member).update(role=Role.ADMIN)
    limits.set_limits(acme, {})
    alerts.put(acme, Threshold(meter="clicks", amount=3, recipients=(people.acme_member.pk,)))
    use("clicks", 3)
    assert look() == ["Acme: 3 clicks used"]
    assert [message.to for message in mail.outbox] == [[people.acme_member.email]]


def test_somebody_who_manages_no_longer_is_not_told(acme, use, look, people):
    limits.set_limits(acme, {})
    alerts.put(acme, Threshold(meter="clicks", amount=1, recipients=(people.acme_member.pk,)))
    use("clicks", 1)
    look()
    assert [message.to for message in mail.outbox] == [[people.acme_owner.email]]


def test_a_default_that_was_switched_off_stays_off(acme, use, look):
    limits.set_limits(acme, {"links": 10})
    alerts.remove(acme, "links", "80%")
    use("links", 9)
    assert look() == []
    assert [each.key for each in alerts.of(acme) if each.is_on] == ["100%"]


def test_each_mail_is_an_event(acme, use, look):
    limits.set_limits(acme, {"links": 10})
    use("links", 8)
    OutboxEvent.objects.all().delete()
    look()
    [row] = OutboxEvent.objects.all()
    assert '"Usage Alert Sent"' in row.payload
    assert '"threshold":"80%"' in row.payload


def test_a_workspace_is_looked_at_after_its_events_were_stored(
    log, acme, globex, django_capture_on_commit_callbacks
):
    import events

    limits.set_limits(acme, {"clicks": 2})
    log.settle()
    evaluate_alerts()
    mail.outbox.clear()
    with events.batch():
        for _ in range(2):
            events.record("Link Clicked", tenant=acme, properties={"link_id": acme.pk, "code": "x"})
    log.settle()
    with django_capture_on_commit_callbacks(execute=True):
        assert evaluate_alerts() == 1
    assert [message.subject for message in mail.outbox] == ["Acme: all 2 clicks are used"]
    assert evaluate_alerts() == 0


def test_a_round_that_failed_comes_again(log, acme, settings):
    alerts.look_soon(acme)
    from events import changes, conf
    from events.redis.redis_client import patient

    changes.announce(patient(conf.redis_url()), [acme.schema_name])
    with pytest.raises(ZeroDivisionError), changes.taken(patient(conf.redis_url())):
        raise ZeroDivisionError
    with changes.taken(patient(conf.redis_url())) as schemas:
        assert schemas == {acme.schema_name}
    with changes.taken(patient(conf.redis_url())) as schemas:
        assert schemas == set()


def test_two_workers_at_once_send_one_mail(committed, log, settings):
    from tenants.models import Tenant

    acme = Tenant.objects.get(slug="acme")
    limits.set_limits(acme, {"clicks": 1})
    log.store.append([an_event("Link Clicked", tenant=acme.schema_name)])
    sent, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait()
        sent.append(alerts.evaluate(acme))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(sent) == [0, 0, 0, 1]
    finally:
        AlertSent.objects.for_tenant(acme).delete()
        limits.set_limits(acme, {})
        Terms.objects.for_tenant(acme).delete()
        OutboxEvent.objects.all().delete()


@pytest.mark.parametrize(
    "wrong",
    [
        Threshold(meter="links"),
        Threshold(meter="links", percent=80, amount=8),
        Threshold(meter="links", percent=0),
        Threshold(meter="links", percent=1001),
        Threshold(meter="links", amount=-1),
    ],
)
def test_an_alert_at_nothing_is_refused(acme, wrong):
    with pytest.raises(ValueError, match="alert is"):
        alerts.put(acme, wrong)
