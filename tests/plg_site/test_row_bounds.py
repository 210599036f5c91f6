"""Nobody fills a table: of every one somebody has said what bounds it, and the bounds hold on the pages."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core import mail
from django.db import connection
from django.utils import timezone

from identity.adapters import mfa_forms
from identity.models import User
from metering import alerts
from metering.alerts import telling
from tenants import row_bounds
from tenants.archive import exports
from tenants.keys import api_keys
from tenants.models import ApiKey, Export, Invitation, JoinDomain
from tenants.signing_up import provisioning

BY_A_BOUND = {
    "tenants.ApiKey": "LIVE_KEYS, and KEYS_A_DAY for those that ended",
    "tenants.Invitation": "INVITATIONS; those that were accepted are as many as members came",
    "tenants.JoinDomain": "DOORS",
    "tenants.Export": "EXPORTS_A_DAY",
    "outbound.WebhookEndpoint": "WEBHOOKS",
    "tenant_domains.CustomDomain": "OWN_DOMAINS, and the plan",
    "metering.Alert": "metering.alerts.telling.MOST",
    "billing.BillingContact": "BillingContact.MOST, by billing.paying.contacts",
    "account.EmailAddress": "ACCOUNT_MAX_EMAIL_ADDRESSES",
    "mfa.Authenticator": "identity.adapters.mfa_forms.MOST_PASSKEYS",
}
OTHERWISE = {
    "tenants.Tenant": "free ones by person (billing.selling.free_workspaces), sign-ups by trust (admission)",
    "tenants.Domain": "one, MOST_FORMER and the plan's own domains a workspace",
    "tenants.Membership": "seats of the plan",
    "tenants.OwnershipOffer": "one a workspace",
    "tenants.Import": "imports.MOST_WAITING of a person, an upload and a workspace each",
    "tenants.KeptOut": "one for each who went",
    "tenants.SignupAttempt": "one a sign-up",
    "tenants.AuditEntry": "a line for each thing done",
    "identity.Source": "the operator's; those that are not ended: collecting.sources.MOST",
    "identity.EventName": "collecting.tally.MOST_NAMES unplanned ones, and those that staff decided on",
    "identity.Trouble": "one a source, reason, and name that is registered or decided on",
    "tenants.Tombstone": "one for each address of a purged workspace",
    "tenants.PurgeReceipt": "one a purged workspace",
    "tenants.MigrationFailure": "the operator's",
    "tenants.SchemaTemplate": "one a state of the migrations",
    "tenants.PoolSchema": "POOL_MAX",
    "metering.SpendLimit": "one a meter",
    "metering.AlertSent": "one an alert and period",
    "metering.Quota": "one a meter",
    "metering.Terms": "one a change of plan",
    "metering.BillingCycle": "one a period",
    "metering.Ledger": "one a workspace",
    "metering.Statement": "one a period and meter",
    "metering.Adjustment": "one a statement that was put right",
    "billing.Account": "one a workspace",
    "billing.UsageInvoice": "one a period",
    "billing.UsageCharge": "one a period and meter",
    "billing.MeteredPeriod": "one a period and meter",
    "billing.MeterExport": "one an hour and meter",
    "billing.Difference": "billing.reconciling.keeping.MOST_OPEN; settled ones for 90 days",
    "billing.Subscription": "as many as Stripe has, each bought by somebody",
    "billing.PlanTerms": "one a version of the catalogue",
    "billing.InboxEvent": "signed by Stripe, kept for 30 days",
    "billing.StaffGrant": "given by staff",
    "billing.StaffCredit": "given by staff",
    "billing.TrialExtension": "given by staff",
    "billing.StaffRefund": "asked for by staff",
    "billing.MoneyEntry": "as many as Stripe has, for money that was asked for",
    "billing.MrrMovement": "one a change of what is paid by the month",
    "product.Link": "the meter of links",
    "product.File": "the meter of storage; an empty one is refused",
    "staff.Look": "one in five minutes of a person and thing; STAFF_TRAIL_DAYS",
    "identity.User": "one a sign-up",
    "identity.Person": "one a user, or a user id that a server of ours told of",
    "identity.PersonAlias": "one a browser that signed up or in, or that a server told of",
    "identity.PersonIdentifier": "one a user id that a server of ours told of",
    "identity.PersonAttribute": "people.attributes: MOST_NAMES of a subject, MOST_KEPT of each source",
    "identity.PersonMerge": "by staff's hand, or one a proof",
    "identity.PurposeConsent": "a press of a button each",
    "identity.Erasure": "by staff's hand",
    "identity.SignIn": "one a session, which end",
    "identity.MailChoice": "one a kind of mail",
    "outbound.Message": "what is written to it is bounded where it is decided; OUTBOUND_KEPT_DAYS",
    "outbound.MessageEvent": "a few for each message, told by who knows the secret; with its message",
    "outbound.Notification": "one for each message of that channel, with which it goes",
    "outbound.CapSlot": "MAIL_CAPS_A_DAY of a person and day, for some days",
    "outbound.Consent": "one a topic and person",
    "outbound.ConsentChange": "a press of a button each",
    "outbound.EditedLetter": "one a kind of letter and language of the website",
    "outbound.Suppression": "a bounce or a complaint each",
    "identity.SigningKey": "the operator's",
    "identity.DerivedSession": "one a session and own domain",
    "identity.Beginning": "one a sign-up",
    "identity.Merge": "one a sign-up that is joined to another",
    "identity.MailedCode": "identity.proofs.mailed_codes: one an account or address at a time",
    "identity.Grant": "one a session and property",
    "account.EmailConfirmation": "not used: links are signed",
    "allauth_idp_oidc.Client": "the operator's, and one for each own domain",
    "allauth_idp_oidc.Token": "by grants, which end with their session",
    "sessions.Session": "by sign-ins, which are limited (identity.attempts.sign_in_limits), and age",
    "events.OutboxEvent": "taken within seconds",
    "events.ReaderPosition": "one a reader of the code",
    "events.ReaderAside": "Reader.most_aside of each",
    "events.PressureChange": "by hand staff's; by itself two in two minutes at most (hysteresis)",
    "plg_site.Preparation": "one a version",
    "plg_site.BackupReport": "one a kind and place, by the operator's scripts",
    "auth.Group": "the operator's",
    "auth.Permission": "the operator's",
    "contenttypes.ContentType": "the operator's",
}
EDITORS = {"cms", "taggit"}  # and wagtail's own: people whom the operator trusts with the website
STRIPES = {"djstripe"}  # what Stripe has told us


def test_of_every_table_somebody_has_said_what_bounds_it():
    trusted = EDITORS | STRIPES
    found = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label not in trusted
        and not model._meta.app_label.startswith("wagtail")
        and not model._meta.auto_created
    }
    assert found == set(BY_A_BOUND) | set(OTHERWISE)


def small(monkeypatch, name: str, most: int = 2) -> str:
    """Lower a bound; its words."""
    bound = getattr(row_bounds, name)
    monkeypatch.setattr(row_bounds, name, row_bounds.Bound(most, bound.words))
    return bound.words


def text_of(answer) -> str:
    return answer.content.decode().replace("&#x27;", "'")


def make_key(client):
    return client.post("/api-keys/", {"name": "k", "scopes": ["read"], "days": "30"})


def test_api_keys(client_for, people, acme, monkeypatch):
    words = small(monkeypatch, "LIVE_KEYS")
    client = client_for(people.acme_owner, acme)
    answers = [make_key(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert words in text_of(answers[2])
    key = ApiKey.objects.for_tenant(acme).first()
    api_keys.revoke(key, user=people.acme_owner)
    assert make_key(client).status_code == 200


def test_api_keys_that_ended_count_for_a_day(client_for, people, acme, monkeypatch):
    words = small(monkeypatch, "KEYS_A_DAY")
    client = client_for(people.acme_owner, acme)
    for _ in range(2):
        make_key(client)
        for key in ApiKey.objects.for_tenant(acme):
            api_keys.revoke(key, user=people.acme_owner)
    sent = len(mail.outbox)
    answer = make_key(client)
    assert words in text_of(answer)
    assert len(mail.outbox) == sent
    ApiKey.objects.for_tenant(acme).update(created_at=timezone.now() - timedelta(days=2))
    assert make_key(client).status_code == 200


def test_two_at_once_do_not_pass_the_bound_together(committed, monkeypatch):
    small(monkeypatch, "LIVE_KEYS", 1)
    owner = User.objects.create_user(f"{uuid4().hex}@rows.example")
    wanted = provisioning.NewWorkspace(name="Rows", slug=f"rows-{uuid4().hex[:8]}")
    tenant = provisioning.create_workspace(wanted, owner=owner)
    barrier, made = threading.Barrier(4), []

    def make() -> None:
        barrier.wait()
        try:
            made.append(api_keys.create(tenant, name="k", user=owner))
        except row_bounds.TooManyRows:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert len(made) == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{tenant.schema_name}" CASCADE')
        tenant.delete()
        owner.delete()


def test_invitations(client_for, people, acme, monkeypatch):
    small(monkeypatch, "INVITATIONS")
    for number in range(2):
        Invitation.objects.create(
            tenant=acme,
            email=f"w{number}@rows.example",
            token_hash=uuid4().hex,
            expires_at=timezone.now() - timedelta(days=1),
        )
    client = client_for(people.acme_owner, acme)
    form = {"email": "third@rows.example", "role": "member"}
    answer = client.post("/members/invite/", form)
    assert answer.status_code == 422
    assert "invitations are waiting" in text_of(answer)
    answer = client.post("/members/invite/", {**form, "email": "w1@rows.example"})
    assert answer.status_code == 302, "one that is sent anew takes no other place"


def test_doors(client_for, people, acme, monkeypatch):
    words = small(monkeypatch, "DOORS")
    JoinDomain.objects.bulk_create(
        [JoinDomain(tenant=acme, domain=f"d{number}.example") for number in range(2)]
    )
    answer = client_for(people.acme_owner, acme).post("/members/doors/", {"domain": "acme.example"})
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_archives(client_for, people, acme, monkeypatch):
    words = small(monkeypatch, "EXPORTS_A_DAY")
    for _ in range(2):
        exports.ask(acme, by=people.acme_owner, with_events=False)
        Export.objects.for_tenant(acme).update(state=Export.State.READY)
    client = client_for(people.acme_owner, acme)
    answer = client.post("/settings/export/", follow=True)
    assert words in text_of(answer)
    assert Export.objects.for_tenant(acme).count() == 2


def test_own_domains(people, acme, monkeypatch):
    from tenants.domains import claims
    from tenants.domains.models import CustomDomain, State

    small(monkeypatch, "OWN_DOMAINS")
    acme.domain_limit = 1
    acme.save(update_fields=["domain_limit"])
    for number in range(2):
        claims.add(acme, f"d{number}.rows.example", by=people.acme_owner)
        CustomDomain.objects.for_tenant(acme).update(state=State.STOPPED)
    with pytest.raises(claims.Refused, match="domains in its list"):
        claims.add(acme, "d3.rows.example", by=people.acme_owner)


def test_own_alerts(client_for, people, acme, monkeypatch):
    monkeypatch.setattr(telling, "MOST", 2)
    for amount in (11, 12):
        alerts.put(acme, alerts.Threshold(meter="links", amount=amount))
    with pytest.raises(ValueError, match="at most 2 alerts"):
        alerts.put(acme, alerts.Threshold(meter="links", amount=13))


def test_addresses_of_an_account(client_for, people, settings):
    settings.ACCOUNT_MAX_EMAIL_ADDRESSES = 3
    client = client_for(people.outsider)
    for number in range(5):
        client.post("/email/", {"action_add": "", "email": f"a{number}@rows.example"})
    assert EmailAddress.objects.filter(user=people.outsider).count() == 3


def test_passkeys(people, monkeypatch):
    monkeypatch.setattr(mfa_forms, "MOST_PASSKEYS", 1)
    user = people.acme_owner
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    form = mfa_forms.PasskeyForm({"name": "x", "credential": "{}"}, user=user)
    assert "You have 20 passkeys already. Remove one first." in form.non_field_errors()
