"""The audit log: read by owners, changed by nobody, and nothing that belongs in it is left out."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

from tenants import audit
from tenants.keys import api_keys
from tenants.members import doors, membership, ownership
from tenants.models import AuditEntry

ROOT = Path(settings.BASE_DIR)

# What changes membership, roles, billing, limits, or who has the data: which entry it writes.
AUDITED = {
    "tenants:invite": "member.invited",
    "tenants:invite_again": "invitation.sent_again",
    "tenants:withdraw_invitation": "invitation.withdrawn",
    "tenants:remove_member": "member.removed",
    "tenants:leave": "member.left",
    "tenants:change_role": "member.role_changed",
    "tenants:open_door": "join_domain.opened",
    "tenants:close_door": "join_domain.closed",
    "tenants:offer": "ownership.offered",
    "tenants:withdraw_offer": "ownership.offer_withdrawn",
    "tenants:accept_offer": "ownership.accepted",
    "tenants:decline_offer": "ownership.declined",
    "tenants:api_keys": "api_key.created",
    "tenants:hand_over_api_key": "api_key.handed_over",
    "tenants:revoke_api_key": "api_key.revoked",
    "tenants:settings": "workspace.renamed",
    "tenants:move": "workspace.moved",
    "tenants:danger": "workspace.deleted",
    "tenants:restore": "workspace.restored",
    "tenants:export": "export.asked",
    "tenants:download_export": "export.downloaded",
    "tenants:remove_export": "export.removed",
    "tenants:webhooks": "webhook.added",
    "tenants:webhook": "webhook.changed",
    "tenants:roll_webhook_secret": "webhook.secret_rolled",
    "tenants:pause_webhook": "webhook.paused",
    "tenants:resume_webhook": "webhook.resumed",
    "tenants:remove_webhook": "webhook.removed",
    "domains:domains": "domain.added",
    "domains:primary": "domain.made_primary",
    "domains:remove": "domain.removed",
    "billing:checkout": "checkout.started",
    "billing:trial": "trial.started",
    "billing:return": "plan.changed",
    "billing:change": "plan.changed",
    "billing:revoke": "change.revoked",
    "billing:cancel": "subscription.canceled",
    "billing:resume": "subscription.resumed",
    "billing:cancellation": "subscription.canceled",
    "billing:take_offer": "offer.taken",
    "billing:payment": "invoice.paid",
    "billing:payment_return": "payment.recovered",
    "billing:card_return": "payment_method.made_default",
    "billing:portal_return": "payment_method.made_default",
    "billing:charge_card": "payment_method.made_default",
    "billing:remove_card": "payment_method.removed",
    "billing:details": "billing_details.changed",
    "billing:give_tax_id": "tax_id.given",
    "billing:remove_tax_id": "tax_id.removed",
    "billing:add_contact": "billing_contact.added",
    "billing:remove_contact": "billing_contact.removed",
    "metering:add-alert": "alert.set",
    "metering:remove-alert": "alert.removed",
    "metering:set-own-limits": "limit.changed",
    "api:set_alerts": "alert.set",
    "api:set_spend_limit": "limit.changed",
    "tenants_site:signup": "workspace.created",
    "tenants_site:workspaces": "workspace.created",
    "tenants_site:invitation": "member.joined",
    "tenants_site:join": "member.joined",
    "tenants_site:join_by_door": "member.joined",
    "tenants_site:restore_own": "workspace.restored",
    "tenants_site:restore": "workspace.restored",
    "tenants_site:bring": "workspace.imported",
    "staff_suspend": "workspace.suspended",
    "staff_resume": "workspace.resumed",
    "staff_workspace_grants": "grant.given",
    "staff_grant_revocation": "grant.revoked",
    "staff_refund": "payment.refunded",
}
# What only reads, or changes nothing of that kind.
NOT_AUDITED = {
    "tenants:members", "tenants:audit", "tenants:audit_csv", "tenants:export_live",
    "tenants:preparing", "tenants:logout",
    "tenants:check_door", "tenants:test_webhook",
    "domains:domain", "domains:check", "domains:callback", "domains:sign_in", "domains:signed_out",
    "domains:confirmed",
    "billing:overview", "billing:forget_intent", "billing:statement", "billing:statement_events",
    "billing:cards", "billing:add_card", "billing:pay_with_another_card", "billing:portal",
    "billing:invoices", "billing:invoice", "billing:invoice_pdf",
    "metering:usage", "metering:usage-live", "metering:live-address", "metering:limits",
    "metering:meter", "metering:meter-live", "metering:export",
    "tenants_site:go", "tenants_site:brought", "tenants_site:signup_place",
    "staff_usage", "staff_differences",
    "staff_workspaces", "staff_workspace", "staff_person", "staff_search", "staff_log",
    # About people: who looked is kept (staff.trail), and who joined or forgot whom, with the row itself.
    "staff_people", "staff_timeline", "staff_merge", "staff_merge_undo", "staff_export_person",
    "staff_erase", "staff_erasure", "staff_erasures",
    # Of the installation: the log keeps who made and ended a source, who planned a name.
    "staff_sources", "staff_sources_create", "staff_source_end",
    "staff_event_names", "staff_event_name", "staff_event_name_decision",
    "staff_trail", "staff_messages", "staff_message_again",
    "staff_revenue", "staff_failed_payments", "staff_trials_ending", "staff_disputes", "staff_grants",
    "staff_subscriptions_csv", "staff_movements_csv", "staff_money",
    # Of no workspace: its own lines, with who and why, are events.models.PressureChange.
    "staff_health", "staff_pressure", "staff_pressure_by_hand", "staff_pressure_end",
    "notifications:list", "notifications:panel", "notifications:news", "notifications:read_all",
    "notifications:reading", "notifications:dismissal",
    "openapi", "favicon", "security_txt", "change_password",
}  # fmt: skip
OF_THE_WORK = (
    "product:",
    "api:",
)  # links and files are what a workspace is for; see AUDITED for more
# Functions that record an event of a workspace and write no entry: why.
SILENT = {
    "record_seat": "whoever calls it has said who came or went",
    "_sign_up": "the entry is that of the workspace that it creates",
    "_tell": "an alert that was mailed changes nothing",
    "_record": "in billing.usage: follows from a statement",
    "record_if_paid": "Stripe's list of invoices is the record",
    "note_if_unpaid": "as above",
}


def routes(patterns: list[object], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"


def test_of_every_page_somebody_has_decided_whether_it_is_audited():
    known = set(routes(get_resolver(settings.ROOT_URLCONF).url_patterns))
    site = routes(get_resolver(settings.PUBLIC_SCHEMA_URLCONF).url_patterns)
    known |= {name for name in site if name.startswith(("tenants_site:", "staff_"))}
    undecided = {name for name in known if not name.startswith(OF_THE_WORK)}
    assert undecided - set(AUDITED) - NOT_AUDITED == set()
    assert (set(AUDITED) | NOT_AUDITED) - known == set(), "pages that are gone"


def test_every_entry_that_a_page_promises_is_written_somewhere():
    assert set(AUDITED.values()) <= the_code().texts


def test_what_is_recorded_as_news_of_a_workspace_is_in_its_audit_log():
    silent = {
        name
        for name, calls in the_code().functions
        if "events.record_with_row" in calls and "audit.note" not in calls
    }
    assert silent - set(SILENT) == set()


@dataclass
class Code:
    """Of the apps that change workspaces: each function with what it calls, and all texts."""

    functions: list[tuple[str, set[str]]] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)


@cache
def the_code() -> Code:
    code = Code()
    for path in (
        path for app in ("tenants", "billing", "metering") for path in (ROOT / app).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                code.texts.add(node.value)
            if isinstance(node, ast.FunctionDef):
                calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
                code.functions.append((node.name, {ast.unparse(call) for call in calls}))
    return code


def test_each_change_that_a_person_makes_is_noted_with_who_and_from_where(
    client_for, people, acme, admin, seat, django_capture_on_commit_callbacks
):
    client = client_for(people.acme_owner, acme)
    member, tenant = seat(people.acme_member), acme

    def does(name: str, url: str, who=client, /, **data: object) -> None:
        before = set(AuditEntry.objects.for_tenant(tenant).values_list("pk", flat=True))
        who.post(url, data)
        new = AuditEntry.objects.for_tenant(tenant).exclude(pk__in=before).order_by("pk")
        assert AUDITED[name] in {entry.action for entry in new}, name
        assert {(entry.by_id is not None, entry.ip) for entry in new} == {(True, "127.0.0.1")}, name

    does("tenants:change_role", f"/members/{member.pk}/role/", role="admin")
    does("tenants:offer", "/members/offer/", to=member.pk, stays="on")
    does("tenants:withdraw_offer", "/members/offer/withdraw/")
    ownership.offer(seat(people.acme_member), by=people.acme_owner, stays=True)
    theirs = client_for(people.acme_member, acme)
    does("tenants:decline_offer", "/members/offer/decline/", theirs)
    does("tenants:remove_member", f"/members/{seat(admin).pk}/remove/")
    does("tenants:invite", "/members/invite/", email="f@x.example", role="member")
    invitation = tenant.invitations.get()
    does("tenants:invite_again", f"/members/invitations/{invitation.pk}/again/")
    does("tenants:withdraw_invitation", f"/members/invitations/{invitation.pk}/withdraw/")
    does("tenants:open_door", "/members/doors/", domain="acme.example")
    does("tenants:close_door", f"/members/doors/{doors.of(tenant)[0].pk}/close/")
    does("tenants:api_keys", "/api-keys/", name="website", scopes="read")
    key, _ = api_keys.create(tenant, name="other", user=people.acme_owner)
    membership.add_member(tenant, user=admin, role="admin")
    to = seat(admin).pk
    does("tenants:hand_over_api_key", f"/api-keys/{key.pk}/holder/", to=to)
    does("tenants:revoke_api_key", f"/api-keys/{key.pk}/revoke/")
    does("metering:add-alert", "/usage/limits/alerts/", meter="clicks", kind="amount", value="5")
    does("metering:remove-alert", "/usage/limits/alerts/remove/", meter="clicks", key="5")
    does("tenants:leave", "/members/leave/", theirs)
    with django_capture_on_commit_callbacks(execute=True):  # the host is known by its old name
        does("tenants:settings", "/settings/", name="Apex", time_zone="UTC")
    does("tenants:danger", "/settings/delete/", name="Apex")


def test_an_entry_goes_with_the_change_that_it_tells_of(people, acme, seat, noted):
    from django.db import transaction

    class Undone(Exception):
        pass

    def remove_and_fail() -> None:
        with transaction.atomic():
            membership.remove_member(seat(people.acme_member), by=people.acme_owner)
            raise Undone

    with pytest.raises(Undone):
        remove_and_fail()
    assert noted() == []


@pytest.fixture
def log(client_for, people, acme):
    """Acme's owner, and three entries."""
    audit.note(acme, "member.invited", by=people.acme_owner, target="a@x.example")
    audit.note(acme, "member.invited", by=people.acme_member, target="b@x.example")
    audit.note(acme, "plan.changed", by=None, details={"from": "free", "to": "pro"})
    return client_for(people.acme_owner, acme)


def test_an_owner_reads_who_did_what(log):
    page = log.get("/settings/audit/").content.decode()
    assert "Member invited" in page
    assert "a@x.example" in page
    assert "from: free, to: pro" in page


def test_it_is_filtered_by_kind_person_and_day(log, people, acme):
    AuditEntry.objects.filter(target="a@x.example").update(at=timezone.now() - timedelta(days=3))
    day = timezone.now() - timedelta(days=3)

    def rows(query: str) -> str:
        return log.get(f"/settings/audit/?{query}").content.decode().partition("<tbody>")[2]

    assert "b@x.example" not in rows("kind=plan")
    assert "a@x.example" not in rows(f"who={people.acme_member.email}")
    assert "b@x.example" in rows(f"who={people.acme_member.email}")
    both = rows(f"first={day:%Y-%m-%d}&last={day:%Y-%m-%d}")
    assert "a@x.example" in both
    assert "b@x.example" not in both
    assert "b@x.example" in rows("kind=nonsense&first=never&page=x")


def test_the_file_has_every_entry_and_runs_no_formula(log, people, acme):
    audit.note(acme, "api_key.created", by=people.acme_owner, target="=HYPERLINK(1)")
    answer = log.get("/settings/audit/audit-log.csv?kind=api_key")
    assert 'filename="acme-audit-log.csv"' in answer["Content-Disposition"]
    lines = list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))
    assert lines[0] == ["time", "who", "action", "target", "details", "address"]
    assert [line[3] for line in lines[1:]] == ["'=HYPERLINK(1)"]


def test_a_long_log_comes_in_pages_with_as_many_queries(log, people, acme):
    with CaptureQueriesContext(
        connection,
    ) as short:
        log.get("/settings/audit/")
    for number in range(60):
        audit.note(acme, "member.invited", by=people.acme_owner, target=f"n{number}@x.example")
    with CaptureQueriesContext(connection) as long:
        page = log.get("/settings/audit/").content.decode()
    assert page.count("@x.example</span>") == 50
    assert "n0@x.example" in log.get("/settings/audit/?page=2").content.decode()
    assert len(long) <= len(short)


def test_the_log_of_another_workspace_is_not_in_it(log, globex):
    audit.note(globex, "member.invited", by=None, target="theirs@x.example")
    assert "theirs@x.example" not in log.get("/settings/audit/").content.decode()
    answer = log.get("/settings/audit/audit-log.csv")
    assert b"theirs@x.example" not in b"".join(answer.streaming_content)


@pytest.fixture
def by_staff(client_for, people, acme, somebody):
    """Somebody who works here has suspended Acme and opened it again, over the staff page."""
    stella = somebody("stella@signpost.example")
    stella.is_staff = True
    stella.save()
    client = client_for(stella)
    client.post(f"/staff/workspaces/{acme.pk}/suspend/", {"because": "Look"})
    client.post(f"/staff/workspaces/{acme.pk}/resume/")
    assert AuditEntry.objects.for_tenant(acme).filter(by=stella).count() == 2
    return stella


def test_a_workspace_reads_that_it_was_staff_and_no_mail_or_address_of_theirs(
    client_for, people, acme, by_staff
):
    client = client_for(people.acme_owner, acme)
    file = b"".join(client.get("/settings/audit/audit-log.csv").streaming_content).decode()
    chosen = client.get("/settings/audit/?who=Staff of Signpost").content.decode()
    page = client.get("/settings/audit/").content.decode()
    for text in (file, chosen, page):
        assert "Staff of Signpost" in text
        assert by_staff.email not in text
    assert "Workspace suspended" in chosen.partition("<tbody>")[2]
    line = next(line for line in file.splitlines() if "workspace.suspended" in line)
    assert "127.0.0.1" not in line


def test_the_archive_of_a_workspace_names_no_staff_either(acme, by_staff):
    from tenants.archive import shared

    said = str(list(shared.parts()["audit_log"].rows(acme)))
    assert "Staff of Signpost" in said
    assert by_staff.email not in said


def test_the_trail_keeps_who_of_the_staff_it_was_and_from_where(acme, by_staff):
    entry = AuditEntry.objects.for_tenant(acme).get(action="workspace.suspended")
    assert (entry.by_name, entry.ip) == (by_staff.email, "127.0.0.1")


def test_staff_who_are_members_act_as_members(client_for, people, acme):
    people.acme_owner.is_staff = True
    people.acme_owner.save()
    audit.note(acme, "member.invited", by=people.acme_owner, target="x@x.example")
    page = client_for(people.acme_owner, acme).get("/settings/audit/").content.decode()
    assert people.acme_owner.email in page.partition("<tbody>")[2]
