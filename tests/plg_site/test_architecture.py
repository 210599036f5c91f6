"""Rules of the whole, asked of the database and the settings."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter

import grimp
import pytest
from django.conf import settings
from django.db import connection

from plg_site.devstack.options import ROOT

# Shared tables that hold data of a workspace under another name than tenant_id, or none at all.
WITHOUT_A_TENANT = {
    "identity_user": "a human may be in several workspaces",
    "identity_user_groups": "rights in the CMS",
    "identity_user_user_permissions": "rights in the CMS",
    "identity_person": "as the user",
    "identity_personalias": "as the person",
    "identity_personidentifier": "as the person",
    "identity_personattribute": "as the person",
    "identity_personmerge": "as the persons",
    "identity_purposeconsent": "as the person",
    "identity_erasure": "a receipt about a person",
    "identity_signingkey": "the provider's",
    "identity_beginning": "as the user",
    "identity_merge": "as the users",
    "identity_signin": "as the user's other sessions",
    "identity_mailchoice": "what a human wants, whatever workspaces they are in",
    "identity_derivedsession": "as the user's other sessions",
    "identity_mailedcode": "lives for minutes, before anybody is signed in",
    "identity_grant": "as the user's sessions",
    "outbound_capslot": "of who gets something, whatever workspaces they are in",
    "outbound_consent": "what a human wants, whatever workspaces they are in",
    "outbound_consentchange": "as above",
    "outbound_editedletter": "the installation's words",
    "outbound_suppression": "an address, as a hash",
    "outbound_messageevent": "goes with its message, which names the workspace",
    "tenants_tenant": "the workspace itself",
    "tenants_poolschema": "belongs to nobody yet",
    "tenants_schematemplate": "empty of data",
    "tenants_tombstone": "belonged to a workspace that is purged",
    "identity_source": "the installation's own",
    "identity_eventname": "as above",
    "identity_trouble": "as above",
    "staff_look": "names a workspace or a person by its key, and nothing of theirs",
    "events_outboxevent": "the encoded event names its workspace",
    "events_pressurechange": "how much there is to do for all together",
    "events_readerposition": "how far a reader of the whole log is",
    "events_readeraside": "as the outbox, and the purge removes it: events.readers.erase",
    "billing_planterms": "what the catalogue has said, of nobody",
    "billing_inboxevent": "names a customer at Stripe, who may be nobody's",
    "plg_site_preparation": "versions of the installation",
    "plg_site_backupreport": "of servers",
}
OURS = (
    "identity_",
    "tenants_",
    "tenant_domains_",
    "metering_",
    "billing_",
    "events_",
    "staff_",
    "outbound_",
    "plg_site_",
)


def columns() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
            WHERE table_schema = 'public' GROUP BY table_name
            """
        )
        return {name: set(names) for name, names in cursor.fetchall()}


def test_every_shared_table_of_ours_names_its_workspace(db):
    without = {
        table
        for table, names in columns().items()
        if table.startswith(OURS) and "tenant_id" not in names
    }
    assert without == set(WITHOUT_A_TENANT)


def test_every_shared_model_with_a_workspace_can_be_asked_for_one(db):
    from django.apps import apps

    missing = [
        model.__name__
        for model in apps.get_models()
        if f"{model._meta.app_label}_" in OURS
        and any(field.name == "tenant" for field in model._meta.fields)
        and not hasattr(model._default_manager.all(), "for_tenant")
        and model.__name__ not in {"Domain", "SignupAttempt"}  # looked up by host, by token
    ]
    assert missing == []


def test_no_table_of_a_workspace_points_into_the_shared_schema(acme):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.conname FROM pg_constraint c
            JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
            JOIN pg_class f ON f.oid = c.confrelid JOIN pg_namespace m ON m.oid = f.relnamespace
            WHERE c.contype = 'f' AND n.nspname = %s AND m.nspname <> n.nspname
            """,
            [acme.schema_name],
        )
        assert cursor.fetchall() == []


def test_content_types_are_in_public_only(acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = %s",
            ["django_content_type"],
        )
        assert cursor.fetchall() == [("public",)]


def test_a_replayed_schema_equals_a_migrated_one(committed):
    """Column by column, index by index: the pool hands out what the migrations would have made."""
    from django.core.management import call_command

    from tenants.models import SchemaTemplate
    from tenants.pool import fingerprints, schemas, templates

    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {schemas.TEMPLATE_SCHEMA} CASCADE")
    SchemaTemplate.objects.filter(pk=fingerprints.of_migrations()).delete()
    schemas.build()
    replayed = schemas.new_name()
    schemas.make(replayed, template=templates.listed()[0])
    try:
        assert _shape(replayed) == _shape(schemas.TEMPLATE_SCHEMA)
        call_command("migrate_schemas", schema_name=replayed, interactive=False, verbosity=0)
        assert _shape(replayed) == _shape(schemas.TEMPLATE_SCHEMA), "nothing was left to migrate"
    finally:
        connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{replayed}" CASCADE')


def _shape(schema: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'column', table_name, column_name, data_type, is_nullable,
                   coalesce(replace(column_default, %(s)s, ''), ''), is_identity
            FROM information_schema.columns WHERE table_schema = %(s)s
            UNION ALL
            SELECT 'index', tablename, indexname, replace(indexdef, %(s)s, ''), '', '', ''
            FROM pg_indexes WHERE schemaname = %(s)s
            UNION ALL
            SELECT 'constraint', conrelid::regclass::text, conname,
                   replace(pg_get_constraintdef(c.oid), %(s)s, ''), '', '', ''
            FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
            WHERE n.nspname = %(s)s
            """,
            {"s": schema},
        )
        return sorted(
            tuple(str(part).replace(f"{schema}.", "") for part in row) for row in cursor.fetchall()
        )


@pytest.mark.parametrize("host", ["SITE_DOMAIN", "APP_DOMAIN"])
def test_uploads_come_from_a_host_that_gets_no_session(host):
    assert not f".{settings.FILES_DOMAIN}".endswith(settings.SESSION_COOKIE_DOMAIN)
    assert f".{getattr(settings, host)}".endswith(settings.SESSION_COOKIE_DOMAIN)


@pytest.mark.parametrize("path", ["/login/", "/signup/"])
def test_pages_allow_no_inline_script(client_for, path):
    policy = client_for().get(path)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_the_baseline_knows_every_migration():
    """Else each new database pays for them; `manage.py make_baseline` writes the file anew."""
    from django.db.migrations.loader import MigrationLoader

    from plg_site import baseline

    script = baseline.FILE.read_text()
    known = MigrationLoader(None).disk_migrations
    missing = [f"{app}.{name}" for app, name in known if f"'{app}', '{name}'" not in script]
    assert missing == []


def test_no_modules_import_each_other_in_a_circle():
    """import-linter's contracts say it of rooms; this says it of every module of every app."""
    apps = [
        "plg_site",
        "product",
        "billing",
        "metering",
        "tenants",
        "outbound",
        "staff",
        "identity",
    ]
    graph = grimp.build_graph(*apps, "cms", "events", "stripe_simulator", cache_dir=None)
    order = TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    order.prepare()  # raises CycleError, which names the modules


def test_a_child_of_the_test_run_never_goes_on_with_it():
    """A fork that gets out of its test runs all that follow, and takes databases away at its end."""
    scripts = {"tests/tenants/pool_work.py"}  # processes of their own
    forking = {
        str(path.relative_to(ROOT)): path.read_text()
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"^\s*(?:if )?(?:pid := |pid = )os\.fork\(\)", path.read_text(), re.MULTILINE)
    }
    assert "tests/forked.py" in forking
    assert [
        path
        for path, text in forking.items()
        if path not in scripts and not re.search(r"finally:\n\s+os\._exit\(", text)
    ] == []
