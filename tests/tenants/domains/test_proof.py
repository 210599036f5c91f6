"""From a claim to a proof, over a real DNS server: seen, not seen, lost, contested."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.utils import timezone

from tenants import hosts
from tenants.domains import allowance, checking, claims
from tenants.domains.models import PROOF_GRACE, Because, CustomDomain, State
from tenants.models import Domain
from tenants.models.life import AuditEntry
from tests.tenants.domains.conftest import NAME


def again(claim: CustomDomain, **past: float) -> CustomDomain:
    return checking.check(claim, now=timezone.now() + timedelta(**past))


def test_a_proved_domain_leads_to_the_workspace(served, acme):
    assert served.state == State.SERVED
    assert served.found["leads_here"] is True
    assert hosts.tenant_for(NAME) == acme
    assert AuditEntry.objects.for_tenant(acme).filter(action="domain.served").exists()


def test_a_claim_alone_leads_nowhere(claimed):
    assert hosts.tenant_for(NAME) is None
    claim = again(claimed)
    assert (claim.state, claim.found["proof"]) == (State.WAITING, "absent")


def test_what_stands_there_instead_is_shown(claimed, resolver):
    resolver.has(claimed.proof_name, "TXT", "plg-proof=something-else")
    assert again(claimed).found["texts"] == ["plg-proof=something-else"]


def test_where_it_leads_instead_is_shown(claimed, resolver):
    resolver.has(NAME, "CNAME", "old-host.example.net.")
    resolver.has("old-host.example.net", "A", "198.51.100.7")
    found = again(claimed).found
    assert (found["cname"], found["leads_here"]) == ("old-host.example.net", False)


def test_an_apex_is_known_by_its_address(acme, people, resolver, proved):
    allowance.set_allowed(acme, 1)
    claim = claims.add(acme, "acme-corp.com", by=people.acme_owner)
    resolver.has("acme-corp.com", "A", "192.0.2.10")
    assert again(claim).found["leads_here"] is True


def test_one_resolver_that_sees_it_is_enough(claimed, proved, resolver, settings):
    resolver.has(claimed.proof_name, "TXT", claimed.proof_value)
    settings.DNS_RESOLVERS = ["127.0.0.1#1", resolver.address]
    assert again(claimed).state == State.SERVED


@pytest.mark.parametrize("mood", ["away", "broken"])
def test_a_resolver_that_does_not_answer_proves_nothing_and_loses_nothing(served, resolver, mood):
    resolver.mood = mood
    claim = again(served, days=30)
    assert (claim.state, claim.found["proof"]) == (State.SERVED, "unknown")


def test_a_lost_proof_has_a_grace_and_comes_back(
    served, resolver, django_capture_on_commit_callbacks
):
    resolver.has(served.proof_name, "TXT")
    with django_capture_on_commit_callbacks(execute=True):
        claim = again(served)
    assert claim.state == State.LOST
    assert hosts.tenant_for(NAME) is not None
    assert "Put the record back" in mail.outbox[-1].body
    resolver.has(served.proof_name, "TXT", served.proof_value)
    assert again(claim, hours=1).state == State.SERVED


def test_after_the_grace_it_stops_and_signs_everybody_out(
    served, resolver, people, django_capture_on_commit_callbacks
):
    from identity.models import DerivedSession

    Session.objects.create(session_key="k" * 32, session_data="", expire_date=timezone.now())
    DerivedSession.objects.create(
        session_key="k" * 32, client_id=served.client_id, user=people.acme_member
    )
    resolver.has(served.proof_name, "TXT")
    again(served)
    with django_capture_on_commit_callbacks(execute=True):
        claim = again(served, seconds=PROOF_GRACE.total_seconds() + 60)
    assert (claim.state, claim.stopped_because) == (State.STOPPED, Because.PROOF)
    assert not Domain.objects.filter(domain=NAME).exists()
    assert hosts.tenant_for(NAME) is None
    assert not Session.objects.filter(session_key="k" * 32).exists()
    assert "has stopped" in mail.outbox[-1].subject


def test_the_unproved_claim_of_another_blocks_nobody(claimed, globex, people, proved):
    allowance.set_allowed(globex, 1)
    theirs = claims.add(globex, NAME, by=people.globex_owner)
    assert theirs.token != claimed.token
    assert proved(theirs).state == State.SERVED
    assert hosts.tenant_for(NAME) == globex


def test_who_is_served_stays_as_long_as_their_proof_is_there(served, globex, people, resolver):
    allowance.set_allowed(globex, 1)
    theirs = claims.add(globex, NAME, by=people.globex_owner)
    resolver.has(served.proof_name, "TXT", served.proof_value, theirs.proof_value)
    theirs = again(theirs)
    assert (theirs.state, theirs.found["held_by_another"]) == (State.WAITING, True)
    resolver.has(served.proof_name, "TXT", theirs.proof_value)
    assert again(theirs).state == State.SERVED
    assert hosts.tenant_for(NAME) == globex
    served.refresh_from_db()
    assert (served.state, served.stopped_because) == (State.STOPPED, Because.OTHER)


def test_it_is_looked_for_ever_more_rarely_and_then_no_more(claimed):
    now = timezone.now()
    waits = []
    for _ in range(12):
        claim = checking.decide(claimed, checking._look(claimed), now=now)
        waits.append((claim.next_check_at - now).total_seconds() / 60)
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) == 60
    late = now + checking.WATCHED + timedelta(days=1)
    assert checking.decide(claimed, checking._look(claimed), now=late).next_check_at is None


def test_what_is_due_is_looked_at_once(claimed, resolver):
    resolver.has(claimed.proof_name, "TXT", claimed.proof_value)
    assert checking.check_due() == 1
    assert checking.check_due() == 0
    claimed.refresh_from_db()
    assert claimed.state == State.SERVED


def test_a_removed_domain_leads_nowhere_at_once(served, people):
    claims.remove(served, by=people.acme_owner)
    assert hosts.tenant_for(NAME) is None
    assert not CustomDomain.objects.filter(name=NAME).exists()


def test_a_claim_that_goes_with_its_workspace_takes_its_client_along(served, acme):
    from allauth.idp.oidc.models import Client

    assert Client.objects.filter(pk=served.client_id).exists()
    CustomDomain.objects.for_tenant(acme).delete()
    assert not Client.objects.filter(pk=served.client_id).exists()


def test_resolvers_that_do_not_answer_are_waited_for_once_each(claimed, resolver, settings):
    resolver.mood = "away"
    settings.DNS_RESOLVERS = [resolver.address] * 3
    assert again(claimed).found["leads_here"] is None
    assert resolver.asked <= 6, "three questions, each perhaps repeated"


def test_the_periodic_look_is_known_to_the_worker():
    from django.conf import settings

    from plg_site.celery import app

    app.autodiscover_tasks(force=True)
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
