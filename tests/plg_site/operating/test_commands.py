"""No command goes past this project's guards: each that a library brings was looked at."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection

from plg_site.operating.refused_commands import REFUSED, Refusing
from tenants.models import Tenant

OURS = {"billing", "cms", "events", "identity", "metering", "outbound", "plg_site", "tenants"}
# Of libraries, and what they do is known: reading, or what an operator says in so many words.
ALLOWED = set(
    """
    account_unsetmultipleprimaryemails all_tenants_command api_tokens changepassword check
    clearsessions collectstatic collectstatic_schemas compilemessages convert_mariadb_uuids
    create_log_entries_from_revisions createcachetable createsuperuser dbshell deduplicate_tags
    diffsettings djstripe_clear_expired_idempotency_keys djstripe_sync_models dumpdata
    enable_fuzzystrmatch enable_trigram enable_unaccent export_openapi_schema findstatic fixtree flush
    import_redirects inspectdb loaddata makemessages makemigrations migrate migrate_schemas move_pages
    oidc_cleartokens optimizemigration publish_scheduled publish_scheduled_pages purge_embeds
    purge_revisions rebuild_references_index remove_orphaned_tags remove_stale_contenttypes runserver
    sendtestemail set_url_paths shell show_references_index showmigrations sqlflush sqlmigrate
    sqlsequencereset squashmigrations startapp startproject tenant_command test testserver update_index
    wagtail_update_image_renditions wagtail_update_index
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def test_every_command_of_a_library_is_allowed_by_name_or_refused():
    foreign = {
        name for name, app in get_commands().items() if app not in OURS | {settings.PRODUCT_APP}
    }
    assert foreign - ALLOWED == set(), "look at what it does, and say so"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refused_command_does_nothing_and_names_the_right_way(name):
    assert get_commands()[name] == "plg_site"
    with pytest.raises(CommandError, match="not for this project"):
        call_command(name, "--schema", "whatever", "more", "--noinput")


def test_every_right_way_that_is_named_is_a_command():
    words = {word.strip(".,:;") for said in REFUSED.values() for word in said.split()}
    named = {word for word in words if "_" in word}
    assert named
    assert named - {"INSTALLED_APPS"} <= get_commands().keys()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("delete_tenant", ["--schema", "{schema}", "--noinput"]),
        ("rename_schema", ["--rename_from", "{schema}", "--rename_to", "w_other"]),
    ],
)
def test_a_workspace_is_there_after_it(acme, name, arguments):
    command = load_command_class("plg_site", name)
    assert isinstance(command, Refusing)
    with pytest.raises(CommandError):
        call_command(name, *(word.format(schema=acme.schema_name) for word in arguments))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [acme.schema_name])
        assert cursor.fetchone()
    assert Tenant.objects.get(pk=acme.pk).schema_name == acme.schema_name


def test_our_commands_come_before_those_of_libraries():
    assert settings.INSTALLED_APPS[0].startswith("plg_site")
