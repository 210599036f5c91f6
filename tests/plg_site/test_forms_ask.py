"""Every page that takes a form, on a workspace and on the site: an old session is either asked who it is,
or there is a reason here why not. The addresses come from the resolver, so a page that is added next
year is decided on here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from tenants.members import membership
from tenants.models import Invitation, Membership, Role
from tests.identity.security.test_second_factor import SECRET
from tests.plg_site.test_get_changes_nothing import (  # noqa: F401 (fixtures)
    ON,
    path_of,
    somebody_staff,
    world,
)

# Where it is asked. The pages themselves lead to another way of answering, so they are no part of this.
QUESTIONS = (
    "/account/again/",
    "/reauthenticate/",
    "/account/security/reauthenticate/",
    "/account/security/webauthn/reauthenticate/",
)
# What somebody might send, at its most dangerous.
FORM = {
    "role": "admin",
    "email": "new@acme.example",
    "use": "leads",
    "action_add": "",
    "plan": "team",
    "keys": "1",
}

ASKED = {
    "workspace": {
        # Keys and copies of the data.
        "api-keys/",
        "api-keys/<uuid:key_id>/holder/",
        "api-keys/<uuid:key_id>/revoke/",
        "settings/export/",
        "settings/export/<uuid:export_id>/remove/",
        # Which programs are told of everything, and the secret that signs.
        "settings/webhooks/",
        "settings/webhooks/<uuid:endpoint_id>/",
        "settings/webhooks/<uuid:endpoint_id>/pause/",
        "settings/webhooks/<uuid:endpoint_id>/remove/",
        "settings/webhooks/<uuid:endpoint_id>/resume/",
        "settings/webhooks/<uuid:endpoint_id>/secret/",
        "settings/webhooks/<uuid:endpoint_id>/test/",
        # Who owns and administers it, and which way others come in.
        "members/<int:membership_id>/remove/",
        "members/<int:membership_id>/role/",
        "members/doors/",
        "members/invitations/<uuid:invitation_id>/again/",
        "members/invite/",
        "members/leave/",
        "members/offer/",
        "members/offer/accept/",
        # Where it is, and whether.
        "settings/address/",
        "settings/delete/",
        "settings/domains/",
        "settings/domains/<uuid:claim_id>/primary/",
        "settings/domains/<uuid:claim_id>/remove/",
        # What it pays with a card that is known.
        "billing/change/",
        # Who is invoiced and told, and with which card it is paid.
        "billing/contacts/",
        "billing/contacts/<int:contact_id>/removal/",
        "billing/details/",
        "billing/details/tax-id/",
        "billing/details/tax-id/<str:tax_id>/removal/",
        "billing/payment-methods/new/",
        "billing/payment-methods/<str:card>/default/",
        "billing/payment-methods/<str:card>/removal/",
        "billing/portal/",
        "usage/limits/own/",
    },
    "site": {
        "staff/messages/<uuid:pk>/again/",
        "account/close/",
        "account/security/recovery-codes/generate/",
        "account/security/recovery-codes/download/",
        "account/security/totp/activate/",
        "account/security/totp/deactivate/",
        "account/security/webauthn/add/",
        "account/security/webauthn/keys/<int:pk>/edit/",
        "account/security/webauthn/keys/<int:pk>/remove/",
        "email/",
        "email/joined/<uuid:merge_id>/undo/",
        "password/set/",
        "staff/event-names/<int:name_id>/decision/",
        "staff/sources/new/",
        "staff/sources/<uuid:pk>/end/",
        "staff/pressure/by-hand/",
        "staff/pressure/by-hand/end/",
        "staff/workspaces/<uuid:pk>/resume/",
        "staff/workspaces/<uuid:pk>/suspend/",
        # Who somebody is, and everything about them.
        "staff/people/<uuid:pk>/export/",
        "staff/people/<uuid:pk>/forget/",
        "staff/people/<uuid:pk>/merge/",
        "staff/people/merges/<uuid:pk>/undo/",
        # Money that leaves, and what is given for nothing.
        "staff/workspaces/<uuid:pk>/grants/",
        "staff/workspaces/<uuid:pk>/grants/<slug:grant>/revocation/",
        "staff/workspaces/<uuid:pk>/refunds/<slug:payment_id>/",
    },
}
DAILY = "the product's daily work, as every member does it"
SHOWS = "only shows something, by whatever method"
NO_SESSION = "knows no session"
SIGN_IN = "signs in, or out"
SAFE = "takes a right or a plan back, or leaves things as they are"
READ = "what one has read under the bell"
BACK = "brings back what was deleted"
NOT_ASKED = {
    "workspace": {
        r"^(?P<code>[A-Za-z0-9_-]+)[^A-Za-z0-9_%-]{1,8}$": SHOWS,
        "api/": NO_SESSION,
        "api/v1/": NO_SESSION,
        "api/v1/<anything:rest>": NO_SESSION,
        "api/v1/events": NO_SESSION,
        "api/v1/files": NO_SESSION,
        "api/v1/links": NO_SESSION,
        "api/v1/meters/<meter>/query": NO_SESSION,
        "billing/cancel/": SAFE,
        "billing/cancellation/": SAFE,
        "billing/cancellation/offer/": SAFE,
        "billing/checkout/": "Stripe asks for a card",
        "billing/intent/forget/": SAFE,
        "billing/payment/": "pays what is owed already",
        "billing/payment/card/": "Stripe asks for a card",
        "billing/resume/": SAFE,
        "billing/scheduled/revoke/": SAFE,
        "billing/trial/": "costs nothing, and ends by itself",
        "files/": DAILY,
        "files/<uuid:file_id>/delete/": DAILY,
        "files/<uuid:file_id>/share/": DAILY,
        "links/<uuid:link_id>/delete/": DAILY,
        "links/<uuid:link_id>/edit/": DAILY,
        "links/new/": DAILY,
        "logout/": SIGN_IN,
        "members/doors/<int:door_id>/check/": "looks into DNS",
        "members/doors/<int:door_id>/close/": SAFE,
        "members/invitations/<uuid:invitation_id>/withdraw/": SAFE,
        "members/offer/decline/": SAFE,
        "members/offer/withdraw/": SAFE,
        "notifications/reading/": READ,
        "notifications/<uuid:notification_id>/reading/": READ,
        "notifications/<uuid:notification_id>/dismissal/": READ,
        "preparing/": SHOWS,
        "settings/": "name and time zone",
        "settings/domains/<uuid:claim_id>/check/": "looks into DNS",
        "settings/restore/": BACK,
        "usage/limits/alerts/": "who is told",
        "usage/limits/alerts/remove/": "who is told",
    },
    "site": {
        "404.html": SHOWS,
        "^confirm-email/(?P<key>[-:\\w]+)/$": "the mailbox is shown by the link",
        "^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "as above",
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/": SIGN_IN,
        "_util/login/": SIGN_IN,
        "account/": "name and time zone",
        "account/mails/": "which mails one gets",
        "account/notifications/reading/": READ,
        "account/notifications/<uuid:notification_id>/reading/": READ,
        "account/notifications/<uuid:notification_id>/dismissal/": READ,
        "account/security/authenticate/": SIGN_IN,
        "account/security/webauthn/login/": SIGN_IN,
        "hooks/mail/tracking/": NO_SESSION,
        "hooks/sms/status/": NO_SESSION,
        "hooks/sms/inbound/": NO_SESSION,
        "unsubscribe/<str:token>/": "the signed link is what speaks for it, and says no only",
        "account/sessions/<uuid:sign_in_id>/end/": SIGN_IN,
        "account/sessions/end/": SIGN_IN,
        "api/content/": NO_SESSION,
        "api/content/docs": NO_SESSION,
        "api/content/openapi.json": NO_SESSION,
        "billing-contact/<str:token>/": "the signed link is what speaks for it",
        "c/v1/<path:rest>": NO_SESSION,
        "cms/": "behind a second factor, by its address (staff.guard)",
        "cookies/": "which cookies one gets",
        "email/begun/": "asked once, after a proof; what is thrown away can be brought back",
        "email/begun/<uuid:user_id>/": "asks for the mailbox of this moment",
        "go/": SHOWS,
        "healthz": SHOWS,
        "livez": SHOWS,
        "readyz": SHOWS,
        "identity/o/api/revoke": NO_SESSION,
        "identity/o/api/token": NO_SESSION,
        "identity/o/api/userinfo": NO_SESSION,
        "identity/o/authorize": "the property says how old a sign-in may be (max_age)",
        "identity/o/logout": SIGN_IN,
        "invitations/<str:secret>/": "joins the workspace of somebody else",
        "invitations/<str:secret>/join/": "as above",
        "login/": SIGN_IN,
        "login/code/": SIGN_IN,
        "login/code/choose/": SIGN_IN,
        "login/code/confirm/": SIGN_IN,
        "logout/": SIGN_IN,
        "outbox/": SHOWS,
        "outbox/<str:letter_id>/": SHOWS,
        "password/change/": "asks for the old one itself",
        "password/reset/": "mails a link to the owner",
        "signup/": SIGN_IN,
        "stripe/webhook/<uuid:uuid>/": NO_SESSION,
        "visits/": "counts a visit",
        "workspaces/": SHOWS,
        "workspaces/<uuid:tenant_id>/join/": "joins the workspace of somebody else",
        "workspaces/<uuid:tenant_id>/restore/": BACK,
        "workspaces/import/": "brings a workspace, and takes none",
        "workspaces/restore/<str:token>/": BACK,
    },
}


class _Undo(Exception):
    pass


@pytest.fixture
def known(world, acme, people) -> dict[str, Any]:  # noqa: F811
    """Something for each name in an address: where it matters, of an owner or admin."""
    people.outsider.set_unusable_password()
    people.outsider.save(update_fields=["password"])
    seat = membership.add_member(acme, user=people.outsider, role=Role.OWNER)
    Invitation.objects.filter(pk=world["invitation_id"]).update(role=Role.ADMIN)
    TOTP.activate(people.acme_owner, SECRET)
    RecoveryCodes.activate(people.acme_owner)
    passkey = Authenticator.objects.create(
        user=people.acme_owner, type=Authenticator.Type.WEBAUTHN, data={"name": "Passkey"}
    )
    return {**world, "acme": acme, "membership_id": seat.pk, "passkey": passkey.pk}


@pytest.fixture
def send(client_for, people, known, somebody_staff) -> Callable[[str, str], list[Any]]:  # noqa: F811
    """`send(host, pattern)`: the answers to a form from who signed in an hour ago; nothing stays."""

    def sent(host: str, route: Any) -> list[Any]:
        tenant = known["acme"] if host == "workspace" else None
        ids = known
        if "webauthn/keys/" in route.pattern:
            ids = {**known, "pk": known["passkey"]}
        found = []
        for user in (people.acme_owner, people.outsider, *(() if tenant else (somebody_staff,))):
            with suppress(_Undo), transaction.atomic():
                client = client_for(user, tenant, hours_ago=1)
                client.raise_request_exception = False
                found.append(client.post(path_of(route, ids), FORM))
                raise _Undo
        return found

    return sent


@pytest.mark.thorough
@pytest.mark.parametrize("host", ["workspace", "site"])
def test_every_form_asks_who_they_are_or_has_a_reason_not_to(send, host):
    asked, not_asked = set(), set()
    for route in ON[host]:
        answers = send(host, route)
        if f"/{route.pattern}".startswith(QUESTIONS) or all(a.status_code == 405 for a in answers):
            continue
        (asked if any(map(asks, answers)) else not_asked).add(route.pattern)
    assert sorted(asked ^ ASKED[host]) == []
    assert sorted(not_asked ^ set(NOT_ASKED[host])) == []


def asks(answer: Any) -> bool:
    return answer.status_code == 302 and urlsplit(answer["Location"]).path.startswith(QUESTIONS)


def test_what_is_about_members_alone_asks_nobody(client_for, people, acme):
    """Everyday work: inviting somebody as a member, and taking that back."""
    client = client_for(people.acme_owner, acme, hours_ago=1)
    said = client.post("/members/invite/", {"role": "member", "email": "new@acme.example"})
    assert not asks(said)
    invitation = Invitation.objects.for_tenant(acme).get(email="new@acme.example")
    assert not asks(client.post(f"/members/invitations/{invitation.pk}/again/"))
    seat = Membership.objects.for_tenant(acme).get(user=people.acme_member)
    assert not asks(client.post(f"/members/{seat.pk}/remove/"))
    assert not Membership.objects.for_tenant(acme).filter(pk=seat.pk).exists()
    assert not asks(client_for(people.globex_member, hours_ago=1).post("/members/leave/"))


def test_an_owner_is_not_removed_by_who_found_a_session_open(client_for, people, acme):
    seat = membership.add_member(acme, user=people.outsider, role=Role.OWNER)
    late = client_for(people.acme_owner, acme, hours_ago=1)
    late.post(f"/members/{seat.pk}/remove/", {"keys": "1"})
    late.post("/members/invite/", {"role": "admin", "email": "thief@example.org"})
    late.post("/settings/address/", {"slug": "moved-by-a-thief"})
    assert Membership.objects.for_tenant(acme).filter(pk=seat.pk).exists()
    assert not Invitation.objects.for_tenant(acme).exists()
    acme.refresh_from_db()
    assert acme.slug == "acme"
    client_for(people.acme_owner, acme).post(f"/members/{seat.pk}/remove/", {"keys": "1"})
    assert not Membership.objects.for_tenant(acme).filter(pk=seat.pk).exists()
