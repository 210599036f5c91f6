"""The storage of what workspaces upload: each name begins with the schema that it belongs to.

The folder is part of the name, so that the name says whose file it is wherever it goes: into a
row, a task, an archive, a bucket. Who is in a workspace's schema reaches no other's files, whatever
a row (or an archive that somebody made) says; from outside, the name decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from tenants import schema


class NotThisWorkspace(SuspiciousFileOperation):
    """The name is that of no workspace's file, or of another workspace than the one entered."""


def checked(name: str) -> str:
    """`name`, if it is "<schema>/…" of the workspace that was entered. Raises NotThisWorkspace."""
    owner, _, rest = name.replace("\\", "/").partition("/")
    if not schema.is_a_workspaces(owner) or ".." in rest.split("/"):
        raise NotThisWorkspace(f"{name!r} is not the name of a workspace's file.")
    entered = schema.current()
    if schema.is_a_workspaces(entered) and owner != entered:
        raise NotThisWorkspace(f"{name!r} is not a file of {entered}.")
    return name


class KeepsApart(Storage):
    """To put in front of any storage: `class Bucket(KeepsApart, S3Storage)`."""

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        return super().open(checked(name), mode)

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        return super().save(checked(name or ""), content, max_length)

    def delete(self, name: str) -> None:
        super().delete(checked(name))

    def exists(self, name: str) -> bool:
        return super().exists(checked(name))

    def size(self, name: str) -> int:
        return super().size(checked(name))

    def url(self, name: str | None) -> str:
        return super().url(checked(name or ""))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return super().listdir(checked(path))


class WorkspaceStorage(KeepsApart, FileSystemStorage):
    """Files of workspaces in a folder of this machine."""


def files_of(folder: str) -> Iterator[str]:
    """The names of all files of a workspace, or of a schema that waits for one (its name)."""
    with suppress(FileNotFoundError):
        folders, files = storages["workspaces"].listdir(f"{folder}/")
        yield from (f"{folder}/{name}" for name in files)
        for name in folders:
            yield from files_of(f"{folder}/{name}")


def remove_folder(schema_name: str) -> None:
    """What is left when its files are gone."""
    with suppress(OSError, NotImplementedError):  # a bucket has no folders
        storages["workspaces"].delete(f"{schema_name}/")
