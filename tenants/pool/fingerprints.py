"""What a workspace's schema was made from, as one value: two that are equal need no migration.

A fingerprint is of the code that runs, not of a database: it is known without a query.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

# What a template's content is made by, in the product's folder.
_FURNISHING = ("seed.py", "templates.py")


@cache
def of_migrations() -> str:
    """SHA-256 over the tenant apps' migration files, as 64 hexadecimal digits.

    A workspace whose `Tenant.fingerprint` is another one is behind (or, while an older process still
    runs, ahead).
    """
    digest = hashlib.sha256()
    for app in sorted(settings.TENANT_APPS):
        for path in _migration_files(app):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def of_template(name: str) -> str:
    """SHA-256 over the migrations and what furnishes a schema of this template: whether a schema of
    the pool may still be handed out."""
    digest = hashlib.sha256(f"{of_migrations()}\0{name}\0".encode())
    for folder in _tenant_apps():
        for path in (folder / part for part in _FURNISHING):
            if path.exists():
                digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _migration_files(app: str) -> list[Path]:
    """Where Django looks for them: settings.MIGRATION_MODULES, or the app's own folder."""
    label = next(config.label for config in apps.get_app_configs() if config.name == app)
    module, _ = MigrationLoader.migrations_module(label)
    found = find_spec(module) if module else None
    folders = found.submodule_search_locations if found else None
    return sorted(path for folder in folders or () for path in Path(folder).glob("*.py"))


def _tenant_apps() -> list[Path]:
    found = {config.name: Path(config.path) for config in apps.get_app_configs()}
    return [found[app] for app in sorted(settings.TENANT_APPS)]
