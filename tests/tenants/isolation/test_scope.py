"""Shared tables that hold tenant data are read for one workspace, or a reason stands here."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Model

from tests.tenants.isolation.test_carrying import ROOT, sources

# Labels of apps; those of the product hold no shared tables.
OURS = ("identity", "tenants", "domains", "metering", "billing", "events")
LOOKED_UP = {"Domain": "by host, before the workspace is known", "SignupAttempt": "by its token"}

# Ways to ask that say for which workspace; `create` and the like are held to it by the column.
SCOPED = {"for_tenant", "of", "create", "bulk_create", "none"}

# Where a table is asked for more than one workspace, or before one is known, and why that is right.
# "file: function" or "file: Class.method"; the reason is for whoever adds the next one.
UNSCOPED = {
    "billing/paying/payment_methods.py: settle": "the row of an account that is held already",
    "billing/paying/payment_methods.py: charge": "the row of an account that is held already",
    "billing/paying/payment_methods.py: remove": "the row of an account that is held already",
    "billing/paying/details.py: save": "the row of an account that is held already",
    "billing/paying/ending.py: cancel": "the row of an account that is held already",
    "billing/paying/ending.py: take_offer": "the row of an account that is held already",
    "billing/paying/open_invoices.py: _pay": "the row of an account that is held already",
    "billing/paying/tax_ids.py: give": "the row of an account that is held already",
    "billing/paying/tax_ids.py: remove": "the row of an account that is held already",
    "billing/paying/contacts.py: confirm": "the row of a contact who says so by a signed link",
    "billing/subscriptions/contact_links.py: read": "by the signed link of a mail",
    "billing/subscriptions/dunning.py: _near_the_end": "the periodic look at all",
    "billing/subscriptions/checkout.py: _open": "the row of an account that is held already",
    "billing/paying/trial_cards.py: take_up": "the row of an account that is held already",
    "billing/subscriptions/open_checkout.py: close_open": "the row of an account that is held already",
    "billing/subscriptions/open_checkout.py: forget_expired": "the row of an account that is held already",
    "billing/subscriptions/customers.py: ensure": "the row of an account that is held already",
    "billing/subscriptions/customers.py: forget_deleted": "the row of an account that is held already",
    "billing/subscriptions/trials.py: tell_due": "the periodic look at all",
    "billing/subscriptions/trials.py: begin": "the row of an account that is held already",
    "billing/subscriptions/trials.py: of": "the subscription of this account",
    "billing/entitlements/holding.py: of": "the subscription and grants of this account",
    "billing/entitlements/in_force.py: _in_force": "the limits of all, when the catalogue changed",
    "billing/entitlements/in_force.py: _Held.__init__": "the limits of all, when the catalogue changed",
    "billing/entitlements/grants.py: end_due": "the periodic look at all",
    "billing/entitlements/grants.py: give": "the row of an account that is held already",
    "billing/subscriptions/projection.py: write": "by Stripe's id of the subscription",
    "billing/subscriptions/projection.py: before": "by Stripe's id of the subscription",
    "billing/subscriptions/projection.py: _terms": "by Stripe's id of the subscription",
    "billing/pages/page.py: _subscription": "the subscription of this account",
    "billing/subscriptions/moving.py: due": "the subscribers of a plan, for the operator",
    "billing/subscriptions/moving.py: make": "the row of an account that is held already",
    "billing/entitlements/in_force.py: refresh": "the limits of all, when the catalogue changed",
    "billing/failures.py: note": "the row of an account that is held already",
    "billing/subscriptions/life.py: _end": "the row of an account that is held already",
    "billing/subscriptions/life.py: _keep": "the row of an account that is held already",
    "billing/subscriptions/life.py: follow": "the periodic look at all",
    "billing/subscriptions/life.py: unsettled": "the periodic look at all",
    "billing/management/commands/ask_stripe.py: Command.handle": "what an operator names",
    "billing/subscriptions/changing/making.py: _ask_soon": "the row of an account that is held already",
    "billing/subscriptions/changing/making.py: _confirm": "the row of an account that is held already",
    "billing/subscriptions/changing/making.py: revoke": "the row of an account that is held already",
    "billing/subscriptions/telling.py: before": "by Stripe's id of the subscription",
    "billing/subscriptions/changing/spare_seats.py: offer": "the subscription of this account",
    "billing/subscriptions/subscription.py: sync": "the row of an account that is held already",
    "billing/pages/staff_panel.py: find": "staff look for an invoice by its number",
    "billing/entitlements/grants.py: revoke": "the row of an account that is held already",
    "billing/granting/credits.py: begin": "the row of an account that is held already",
    "billing/granting/credits.py: make": "the row of an account that is held already",
    "billing/granting/credits.py: take_back": "the row of an account that is held already",
    "billing/granting/giving.py: _write": "the row of an account that is held already",
    "billing/granting/giving.py: given_to": "of one workspace",
    "billing/granting/giving.py: running": "what all workspaces were given, for staff",
    "billing/granting/longer_trials.py: begin": "the row of an account that is held already",
    "billing/granting/longer_trials.py: make": "the row of an account that is held already",
    "billing/granting/longer_trials.py: take_back": "the row of an account that is held already",
    "billing/granting/settling.py: settle_due": "the periodic look at all",
    "billing/money/following.py: follow": "the row of an account that is held already",
    "billing/money/following.py: follow_due": "the periodic look at all",
    "billing/money/following.py: _match": "the refunds of this account",
    "billing/money/refunding.py: settle_unsure": "the periodic look at all",
    "billing/money/refunding.py: _make": "the row of an account that is held already",
    "billing/money/refunding.py: _wish": "by the key of the form",
    "billing/pages/staff_money.py: disputes": "staff see those of all workspaces",
    "billing/pages/staff_revenue.py: _months": "staff see what all workspaces pay",
    "billing/revenue/figures.py: standing": "staff see what all workspaces pay",
    "billing/revenue/figures.py: usage_of": "staff see what all workspaces pay",
    "billing/revenue/figures.py: movements": "staff see what all workspaces pay",
    "billing/revenue/figures.py: by_month": "staff see what all workspaces pay",
    "billing/revenue/figures.py: currencies": "staff see what all workspaces pay",
    "billing/revenue/figures.py: at_end_of": "staff see what all workspaces pay",
    "billing/revenue/figures.py: failed": "staff see what all workspaces pay",
    "billing/revenue/figures.py: failures": "staff see what all workspaces pay",
    "billing/revenue/figures.py: trials_ending": "staff see what all workspaces pay",
    "billing/revenue/spreadsheet.py: subscriptions": "staff see what all workspaces pay",
    "billing/subscriptions/entries.py: _known": "by Stripe's ids, of a customer that is held already",
    "billing/subscriptions/entries.py: keep": "of the account that is held already",
    "billing/subscriptions/invoices.py: take": "the row of an account that is held already",
    "billing/webhooks/whose.py: _customer": "by Stripe's id, from a signed message",
    "tenants/staff/workspace.py: _members_of": "staff look for people by their workspaces",
    "tenants/staff/workspace.py: _of_person": "staff see in which workspaces a person is",
    "tenants/numbers.py: _workspaces": "how many there are, for who runs the installation",
    "billing/upkeep.py: _with_something_to_bill": "the periodic look at all",
    "billing/upkeep.py: ask_stripe": "the periodic look at all",
    "billing/upkeep.py: bill_usage": "the periodic look at all",
    "billing/usage/months.py: added_to": "adjustments of given statements",
    "billing/usage/months.py: charged": "charges of given statements",
    "billing/exporting/meter_events/__init__.py: going": "the periodic look at all",
    "billing/exporting/meter_events/counting.py: _write": "the row of a period that is held already",
    "billing/exporting/meter_events/holding.py: _charged": "charges of given periods",
    "billing/exporting/meter_events/items.py: follow": "the row of an account that is held already",
    "billing/exporting/meter_events/items.py: give_up": "the row of a given period",
    "billing/exporting/meter_events/rounds.py: _release": "the row of this account",
    "billing/exporting/meter_events/rounds.py: _send": "the row of this account",
    "billing/pages/statement_page.py: events_of": "adjustments of the workspace's own statement",
    "billing/pages/statement_page.py: of": "rows of the workspace's own statement",
    "billing/reconciling/keeping.py: count": "differences of all, for staff",
    "billing/reconciling/keeping.py: keep": "by the workspace, or of none",
    "billing/reconciling/keeping.py: settle_gone": "the nightly look at all",
    "billing/reconciling/keeping.py: settled": "differences of all, for staff",
    "billing/reconciling/keeping.py: tidy": "the nightly look at all",
    "billing/reconciling/keeping.py: unsettled": "differences of all, for staff",
    "billing/reconciling/charged.py: _lost": "who asks narrows it to given workspaces",
    "billing/reconciling/charged.py: _priced": "who asks narrows it to given workspaces",
    "billing/reconciling/charged.py: charged_otherwise": "which of given workspaces, by statement",
    "billing/reconciling/held.py: with_more_than_one": "which of given workspaces",
    "billing/reconciling/sent.py: _invoices": "who asks narrows it to given workspaces",
    "billing/reconciling/sent.py: _late": "who asks narrows it to given workspaces",
    "billing/reconciling/sent.py: _metered": "who asks narrows it to given workspaces",
    "metering/statements/chain.py: _adjustments": "of given statements",
    "metering/statements/chain.py: not_whole": "which of given workspaces",
    "metering/statements/comparing.py: restated_otherwise": "which of given workspaces",
    "billing/reconciling/ours.py: _invoiced": "which of given workspaces",
    "billing/reconciling/ours.py: _metered": "which of given workspaces",
    "billing/reconciling/ours.py: _not_invoiced": "which of given workspaces",
    "billing/reconciling/ours.py: _priced": "which of given workspaces",
    "billing/reconciling/ours.py: _stated": "which of given workspaces",
    "billing/reconciling/ours.py: _stated_ever": "which of given workspaces",
    "billing/subscriptions/held_drafts.py: hold": "by Stripe's id of the subscription",
    "metering/statements/comparing.py: _added": "adjustments of given statements",
    "billing/usage/usage_charges.py: charge": "the row of this workspace's account",
    "billing/usage/usage_charges.py: uncharged_adjustments": "the periodic look at all",
    "billing/usage/usage_charges.py: uncharged_statements": "the periodic look at all",
    "billing/subscriptions/usage_invoices.py: _complete": "the row of an account that is held already",
    "billing/webhooks/handling.py: _settle": "by Stripe's customer, from a signed message",
    "billing/webhooks/handling.py: settle": "by Stripe's customer, from a signed message",
    "metering/periods/cycles.py: read": "by the schema's name",
    "metering/alerts/quiet.py: _have_chosen": "which of given workspaces",
    "metering/alerts/quiet.py: _without": "limits of given workspaces",
    "metering/statements/closing.py: _adjustments": "adjustments of given statements",
    "metering/statements/closing.py: _close_next": "the next workspace whose period has ended",
    "metering/statements/closing.py: close_due": "the periodic look at all",
    "plg_site/doctor/billing.py: look": "all with trouble, for the operator",
    "plg_site/doctor/fleet.py: look": "the whole fleet, for its operator",
    "tenants/accounts/receivers.py: end_what_was_given_out": "of one person, in whatever workspace",
    "tenants/accounts/receivers.py: end_what_others_gave": "of one person, in whatever workspace",
    "tenants/accounts/receivers.py: let_go": "of one person, in whatever workspace",
    "tenants/accounts/receivers.py: move_memberships": "of a human who may be in several",
    "tenants/outbound_part.py: TheirWorkspaces.of": "of one person, in whatever workspace",
    "tenants/signing_up/admission.py: _uses_invitation": "by the secret of the mailed link",
    "tenants/signing_up/admission.py: is_expected": "by the secret of the mailed link",
    "tenants/life/after_purge.py: mail": "the row of a receipt that is being mailed",
    "tenants/life/after_purge.py: tend": "the periodic look at all",
    "tenants/archive/exports.py: _keep": "the row of an export that is being made",
    "tenants/archive/exports.py: _waiting": "an export that a worker was given by its id",
    "tenants/archive/exports.py: tend": "the periodic look at all",
    "tenants/archive/imports.py: _begin_anew": "the row of an import that is being run",
    "tenants/archive/imports.py: _held": "the row of an import that is being run",
    "tenants/archive/imports.py: _is_done": "the row of an import that is being run",
    "tenants/archive/imports.py: _refuse": "the row of an import that is being run",
    "tenants/archive/imports.py: cancel_all": "of one person, who has no workspace for it yet",
    "tenants/archive/imports.py: run": "an import that a worker was given by its id",
    "tenants/archive/imports.py: tend": "the periodic look at all",
    "tenants/archive/imports.py: too_many_wait": "of one person, who has no workspace for it yet",
    "tenants/members/door_proofs.py: _unwarned": "the periodic look at all",
    "tenants/members/door_proofs.py: ask": "the row of a door that is held already",
    "tenants/members/door_proofs.py: check_due": "the periodic look at all",
    "tenants/members/door_proofs.py: decide": "the row of a door that is held already",
    "tenants/members/doors.py: open_to": "which workspaces a person may join",
    "tenants/fleet/moving.py: mark_current": "what was migrated, whosever it is",
    "tenants/keys/key_holders.py: end_all_of": "of one person, in whatever workspace",
    "tenants/keys/key_holders.py: warn": "the periodic look at all",
    "tenants/accounts/leaving.py: leave_all": "of one person, in whatever workspace",
    "tenants/accounts/leaving.py: owned_alone": "of one person, in whatever workspace",
    "tenants/accounts/leaving.py: seats_of": "of one person, in whatever workspace",
    "tenants/members/membership.py: find": "by the secret of the mailed link",
    "tenants/pages/bringing.py: brought": "of one person, who has no workspace for it yet",
    "tenants/receivers.py: keep_out_with_the_account": "of one person, in whatever workspace",
}


def models() -> dict[str, type[Model]]:
    """Shared models of ours with a column that says which workspace, by name."""
    found = {}
    for model in apps.get_models():
        names = {field.name for field in model._meta.fields}
        if model._meta.app_label in OURS and names & {
            "tenant",
            "tenant_id",
            "schema",
            "schema_name",
        }:
            found[model.__name__] = model
    return {name: found[name] for name in found.keys() - {"Tenant", "PoolSchema"}}


class Scopes(ast.NodeVisitor):
    """`Model.objects…` chains without `.for_tenant(` in a module."""

    def __init__(self, names: set[str]) -> None:
        self.names, self.where, self.found = names, ["<module>"], set()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def _inside(self, node: ast.ClassDef | ast.FunctionDef) -> None:
        self.where.append(node.name)
        self.generic_visit(node)
        self.where.pop()

    def visit_Call(self, node: ast.Call) -> None:
        """The first thing that is asked of the manager decides."""
        self.generic_visit(node)
        asked = node.func
        if not isinstance(asked, ast.Attribute) or not isinstance(asked.value, ast.Attribute):
            return
        if asked.value.attr not in {"objects", "_default_manager"}:
            return
        model = ast.unparse(asked.value.value).rpartition(".")[2]
        named = {keyword.arg for keyword in node.keywords} & {"tenant", "tenant_id"}
        if model in self.names and not named and asked.attr not in SCOPED:
            self.found.add(".".join(self.where[1:]) or "<module>")


def unscoped() -> Iterator[str]:
    for path, tree in sources():
        scopes = Scopes(set(models()) - set(LOOKED_UP))
        scopes.visit(tree)
        yield from (f"{path}: {where}" for where in sorted(scopes.found))


def test_every_shared_model_with_a_workspace_can_be_asked_for_one():
    without = [
        name
        for name, model in models().items()
        if name not in LOOKED_UP and not hasattr(model._default_manager.all(), "for_tenant")
    ]
    assert {"Membership", "ApiKey", "AuditEntry"} <= set(models())
    assert without == []


def test_a_table_of_tenant_data_is_read_for_one_workspace_or_a_reason_is_given():
    assert set(unscoped()) - set(UNSCOPED) == set()


def test_every_table_of_a_workspace_has_ids_of_people_and_no_foreign_key_out_of_its_schema(acme):
    """With a thousand workspaces, deleting a user would look into each (0.4 ms become 370)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c
            JOIN pg_namespace n ON n.oid = c.connamespace
            JOIN pg_class f ON f.oid = c.confrelid
            WHERE c.contype = 'f' AND n.nspname = %s AND f.relnamespace <> n.oid
            """,
            [acme.schema_name],
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [acme.schema_name])
        assert cursor.fetchone()[0] > 1
    for model in apps.get_models():
        if model._meta.app_config.name in settings.TENANT_APPS:
            for field in model._meta.get_fields():
                target = field.related_model
                if field.is_relation and not isinstance(target, str) and target is not None:
                    assert target._meta.app_config.name in settings.TENANT_APPS, field


def test_nobody_speaks_to_the_driver_behind_djangos_back():
    """`connection.connection` has no schema of its own: `connection.cursor()` sees to it."""
    spoken = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and ast.unparse(node.value) == "connection.connection"
    ]
    assert spoken == []


def test_a_temporary_table_does_not_outlive_its_transaction():
    """It would stand in front of the next workspace's table of the same name, on a kept connection."""
    kept = [
        str(path.relative_to(ROOT))
        for app in OURS
        for path in (ROOT / app).rglob("*.py")
        for statement in path.read_text().upper().split("CREATE TEMP")[1:]
        if "ON COMMIT DROP" not in statement[:600]
    ]
    assert kept == []
