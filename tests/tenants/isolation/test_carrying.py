"""Whatever works for a workspace says for which: tasks, commands, signals, fragments, files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, get_commands, load_command_class

from product.models import Link
from tenants import schema
from tenants.jobs.workspace_command import WorkspaceCommand
from tenants.jobs.workspace_tasks import NoWorkspace, WorkspaceTask, workspace_task
from tenants.models import Status, Tenant
from tenants.storage import NotThisWorkspace

ROOT = settings.BASE_DIR
APPS = (
    "plg_site", "product", "billing", "metering", "tenants", "outbound", "identity", "cms", "events",
)  # fmt: skip

# Tasks that are not about the tables of one workspace, and what they are about.
OTHER_TASKS = {
    "billing.tasks.ask_stripe": "customers, in the shared schema",
    "billing.tasks.bill_usage": "statements, in the shared schema",
    "billing.tasks.reconcile": "rows of all workspaces, in the shared schema",
    "cms.tasks.build_site": "the website",
    "cms.tasks.purge": "caches in front of the website",
    "cms.tasks.publish_scheduled": "the website",
    "events.tasks.maintain": "the log",
    "identity.tasks.forget_ended_sign_ins": "tokens of people and programs, in the shared schema",
    "identity.tasks.send_mail": "a letter that is written already",
    "identity.tasks.finish_erasures": "people, in the shared schema and in the log",
    "identity.tasks.tidy_sessions": "sessions of people, in the shared schema",
    "metering.tasks.close_periods": "statements, in the shared schema",
    "metering.tasks.evaluate_alerts": "alerts, in the shared schema",
    "billing.tasks.work_off_inbox": "what Stripe told us, in the shared schema",
    "billing.tasks.follow_life": "subscriptions of workspaces that ended, in the shared schema",
    "tenants.tasks.purge_workspaces": "workspaces whose days of grace are over",
    "tenants.archive.tasks.make_export": "an Export names its workspace",
    "tenants.archive.tasks.run_import": "an Import makes its workspace",
    "tenants.archive.tasks.tend": "exports and imports that a dead worker left",
    "tenants.domains.tasks.check_domains": "domains, in the shared schema",
    "staff.tasks.forget_looks": "who looked at what, in the shared schema",
    "tenants.tasks.check_doors": "domains of doors, in the shared schema",
    "tenants.tasks.look_after_lives": "states of workspaces, in the shared schema",
    "tenants.tasks.prepare_workspaces": "workspaces that have no schema yet",
    "tenants.tasks.refill_pool": "schemas that are nobody's yet",
}
# Commands in apps that read the tables of workspaces (apps below cannot import them).
OTHER_COMMANDS: dict[str, str] = {}
# Signals of ours that are not about one workspace.
OTHER_SIGNALS = {
    "letter_fell_back": "the installation's words",
    "hosts_changed": "names the hosts themselves, of as many workspaces as were changed",
    "endpoint_stopped": "names the endpoint, which names its workspace",
    "users_merged": "a human may be in several workspaces",
    "merge_undone": "as above",
    "credentials_ended": "as above",
    "begun_asked": "as above",
    "begun_by_another": "as above",
    "begun_discarded": "as above",
    "discard_undone": "as above",
    "account_closing_asked": "as above",
    "own_data_asked": "as above",
    "person_forgotten": "a human, who may be in several workspaces",
    "person_data_asked": "as above",
    "workspace_requested": "a person, who may have one more or not",
    "authorization_requested": "a sign-in; who answers finds the workspace by its client",
}


@workspace_task(name="tests.add_link")
def add_link(tenant: Tenant, code: str) -> str:
    Link.objects.create(code=code, target_url=f"https://{tenant.slug}.example/")
    return schema.current()


# --- tasks -----------------------------------------------------------------------------------
def test_a_task_works_in_the_workspace_that_its_message_names(acme, globex):
    with schema.inside(globex):
        assert add_link.delay(acme.schema_name, "carried").get() == acme.schema_name
        assert schema.current() == globex.schema_name, "whoever ran it goes on where they were"
        assert not Link.objects.filter(code="carried").exists()
    with schema.inside(acme):
        assert Link.objects.get(code="carried").target_url == "https://acme.example/"


@pytest.mark.parametrize("args", [(), ("carried",), ("public", "x"), (None, "x"), (7, "x")])
def test_a_task_without_a_workspace_is_not_even_enqueued(acme, args):
    with schema.inside(acme):  # that there is one around does not help
        for enqueue in (add_link.delay, add_link, lambda *a: add_link.s(*a).apply_async()):
            with pytest.raises(NoWorkspace):
                enqueue(*args)
        assert not Link.objects.filter(code__in=["carried", "x"]).exists()


@pytest.mark.parametrize("status", [None, Status.PURGING])
def test_a_message_that_outlived_its_workspace_does_nothing(acme, status):
    name = "w_0123456789abcdef" if status is None else acme.schema_name
    if status:
        Tenant.objects.filter(pk=acme.pk).update(status=status)
    assert add_link.delay(name, "late").get() is None
    with schema.inside(acme):
        assert not Link.objects.filter(code="late").exists()


def test_a_task_of_another_kind_starts_in_no_workspace(acme):
    @current_app.task(name="tests.where")
    def where() -> str:
        return schema.current()

    with schema.inside(acme):
        assert where.delay().get() == "public"
        assert schema.current() == acme.schema_name
    current_app.tasks.pop("tests.where")


def test_every_task_is_of_one_workspace_or_says_what_it_is_about():
    current_app.autodiscover_tasks(force=True)
    others = {
        name
        for name, task in current_app.tasks.items()
        if name.startswith(APPS) and not isinstance(task, WorkspaceTask)
    }
    assert others - set(OTHER_TASKS) == set()


# --- commands --------------------------------------------------------------------------------
class CountLinks(WorkspaceCommand):
    def handle_in(self, tenant: Tenant, **options: object) -> str:
        return f"{schema.current()} {Link.objects.count()}"


@pytest.mark.parametrize("name", ["slug", "schema_name"])
def test_a_command_works_in_the_workspace_that_is_named(acme, name):
    said = CountLinks().handle(workspace=getattr(acme, name))
    assert said.startswith(acme.schema_name)
    assert schema.current() == "public"


def test_a_command_refuses_a_workspace_that_is_none(db):
    with pytest.raises(CommandError, match="no workspace"):
        CountLinks().handle(workspace="nobody")


def test_every_command_of_the_product_is_of_one_workspace_or_says_what_it_is_about():
    others = {
        name
        for name, app in get_commands().items()
        if app in settings.TENANT_APPS
        and not isinstance(load_command_class(app, name), WorkspaceCommand)
    }
    assert others - set(OTHER_COMMANDS) == set()


# --- signals ---------------------------------------------------------------------------------
def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def our_signals() -> set[str]:
    return {
        target.id
        for path, tree in sources()
        if Path(path).name == "signals.py"
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_every_signal_of_ours_is_sent_with_its_workspace():
    ours, without = our_signals(), []
    assert {"workspace_created", "period_closed"} <= ours
    for path, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in {"send", "send_robust"}:
                continue
            sent = ast.unparse(node.func.value).rpartition(".")[2]
            said = {keyword.arg for keyword in node.keywords}
            if sent in ours - set(OTHER_SIGNALS) and "tenant" not in said:
                without.append(f"{path}:{node.lineno} {sent}")
    assert without == []


# --- fragments and caches --------------------------------------------------------------------
def test_a_cached_fragment_of_a_workspace_names_it():
    """`{% cache 60 name request.tenant.schema_name … %}`; the website has no workspaces."""
    without = [
        f"{path.relative_to(ROOT)}: {tag}"
        for path in ROOT.rglob("*.html")
        if not {".venv", ".local", "cms"} & set(path.relative_to(ROOT).parts)
        for tag in re.findall(r"{%\s*cache\s[^%]*%}", path.read_text())
        if "schema_name" not in tag
    ]
    assert without == []


# Modules that speak to the cache, and how their keys keep workspaces apart.
CACHE_USERS = {
    "cms/releases/scheduled.py": "by the page that is late, for editors",
    "identity/security/demo_factor.py": "allauth's, by the user whose code was used",
    "identity/security/guesses.py": "by the account and client that guess",
    "identity/attempts/sign_in_limits.py": "by the address and device that sign in: before any workspace",
    "plg_site/web/undeclared_proxies.py": "one list of peers, for the operator",
    "tenants/archive/progress.py": "by the id of an export or import, which is random",
    "tenants/domains/ask.py": "by host",
    "tenants/domains/signing_in.py": "by a state that nobody can guess",
    "tenants/hosts/resolving.py": "by host: it is what finds the workspace",
    "tenants/jobs/rows.py": "by the loop that looks after all; for the operator",
    "tenants/pool/upkeep.py": "when the work of all workspaces was last done",
}


def test_who_uses_the_cache_says_how_its_keys_keep_workspaces_apart():
    users = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "django.core.cache"
        and {"cache", "caches"} & {name.name for name in node.names}
    }
    assert users - set(CACHE_USERS) == set()


# --- files -----------------------------------------------------------------------------------
def files():
    return storages["workspaces"]


@pytest.mark.parametrize(
    "name", ["a.txt", "/etc/passwd", "public/a.txt", "../w_0123/a", "w_0123/../w_4567/a", "W_0/a"]
)
def test_a_name_that_is_no_workspaces_file_is_refused(db, name):
    for use in (files().open, files().delete, files().exists, files().size):
        with pytest.raises(NotThisWorkspace):
            use(name)
    with pytest.raises(NotThisWorkspace):
        files().save(name, ContentFile(b"x"))


def test_a_workspace_reaches_no_file_of_another_whatever_a_row_says(acme, globex):
    name = files().save(f"{acme.schema_name}/secret", ContentFile(b"acme's"))
    with schema.inside(globex):
        for use in (files().open, files().delete, files().exists, files().size):
            with pytest.raises(NotThisWorkspace):
                use(name)
    with schema.inside(acme):
        assert files().open(name).read() == b"acme's"
        files().delete(name)


def test_the_storage_of_workspaces_keeps_them_apart_whatever_it_is():
    from tenants.storage import KeepsApart

    assert isinstance(files(), KeepsApart)
