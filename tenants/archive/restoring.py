"""Makes a new workspace of a verified archive, in one transaction.

Rows keep their keys: the schema is a new one, so nothing is in their way. Files get new names under
the new schema, made from the import's id and the old name, so that what a killed attempt left behind
is found and removed. People are told apart by the addresses of the archive's members: ids of persons
mean nothing elsewhere, and a stranger's archive must not name a stranger as author.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import storages
from django.db import DataError, IntegrityError, connection, transaction

from events.steps import step
from identity import names, proofs
from identity.models import User
from identity.persons import person_of
from tenants import schema
from tenants.archive import layout, reading_back, shared, tables
from tenants.archive.declared import Portability, portability
from tenants.archive.export import Progress
from tenants.archive.facts import Facts
from tenants.archive.opening import Opened
from tenants.archive.refusals import ArchiveRefused
from tenants.archive.turns import note_now
from tenants.archive.verification import lines
from tenants.members import membership, room
from tenants.models import Tenant
from tenants.models.archives import Import
from tenants.pool.templates import EMPTY
from tenants.signals import amounts_requested
from tenants.signing_up import provisioning

_AT_ONCE = 1024 * 1024  # bytes of rows in one statement
_rows = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass
class Report:
    """What became of it: rows and files written, and what was left out."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    members: int = 0
    members_not_brought: list[str] = field(default_factory=list)
    authors_left_out: int = 0
    missing_files: int = 0


@dataclass
class _Work:
    opened: Opened
    wanted: Import
    facts: Facts
    tell: Progress
    product: Portability
    report: Report
    people: dict[str, UUID] = field(default_factory=dict)
    tenant: Tenant = None  # type: ignore[assignment]  # once there is one


def restore(
    opened: Opened,
    wanted: Import,
    facts: Facts,
    *,
    progress: Progress = lambda part, done, total: None,
) -> tuple[Tenant, Report]:
    """Write everything; call it in a transaction, with what `verify` has found.

    Raises ArchiveRefused, schemas.NoTemplate.
    """
    work = _Work(opened, wanted, facts, progress, portability(), Report())
    members = dict(_members(work))
    _claim(work)
    if not wanted.beyond_plan:
        amounts_requested.send(sender=Tenant, tenant=work.tenant, amounts=dict(facts.amounts))
    step("import.claimed")
    try:
        with connection.cursor() as cursor:
            _write_files(work)
            step("import.files")
            _write_rows(work, cursor)
            step("import.rows")
            reading_back.check(work.tenant)
    except (DataError, IntegrityError) as error:
        raise ArchiveRefused("bad_value", str(error).splitlines()[0]) from error
    for user, role in members.items():
        if user != wanted.owner:
            _bring_member(work, user, role)
    _write_shared(work)
    _let_product_know(work)
    return work.tenant, work.report


def _bring_member(work: _Work, user: User, role: str) -> None:
    """Where the plan has no seat left, they are named as not brought along."""
    try:
        membership.add_member(work.tenant, user=user, role=role)
        work.report.members += 1
    except membership.SeatRefused:
        work.report.members_not_brought.append(user.email)


def discard(opened: Opened, wanted: Import, *, schema_name: str) -> None:
    """Remove the files of an attempt that was killed or rolled back; "" when it had written none."""
    if schema_name:
        for name in opened.sizes:
            if name.startswith("files/"):
                storages["workspaces"].delete(
                    new_name(wanted, schema_name, name.removeprefix("files/"))
                )


def new_name(wanted: Import, schema_name: str, name: str) -> str:
    """Of a file of the archive, in the storage: nobody but this import makes this name."""
    digest = hashlib.sha256(f"{wanted.pk.hex}/{name}".encode()).hexdigest()
    return f"{schema_name}/{digest[:32]}"


def _members(work: _Work) -> list[tuple[User, str]]:
    """Which members have an account here; notes the others, and who is who."""
    found: list[tuple[User, str]] = []
    for line in _part_lines(work, "members"):
        try:
            said = msgspec.json.decode(line, type=_Member)
        except msgspec.MsgspecError as error:
            raise ArchiveRefused("bad_row", f"members: {error}") from error
        user = _user(said.email, owner=work.wanted.owner, anybody=work.wanted.with_members)
        if user is None:
            work.report.members_not_brought.append(said.email)
            continue
        if said.person:
            work.people[said.person] = person_of(user).id
        found.append((user, said.role if said.role in ("admin", "member") else "admin"))
    return found


def _part_lines(work: _Work, name: str) -> Iterator[bytes]:
    """Of a part of `shared`; an archive need not have it."""
    entry = layout.shared_entry(name)
    if entry in work.opened.manifest.entries:
        yield from lines(work.opened, entry)


class _Member(msgspec.Struct):
    email: str
    role: str
    person: str | None = None


def _user(email: str, *, owner: User, anybody: bool) -> User | None:
    """Only proved addresses count. Who brings an archive over the web can name nobody but themself."""
    found = proofs.proved_user(email)
    if found is None or not (anybody or found.user == owner):
        return None
    return found.user


def _claim(work: _Work) -> None:
    wanted, said = work.wanted, work.opened.manifest.workspace
    name = (wanted.name or said.name).strip()[:80] or "Workspace"
    new = provisioning.NewWorkspace(name=name, slug=wanted.slug or None, template=EMPTY.name)
    try:
        work.tenant = provisioning.create_workspace(new, owner=wanted.owner)
    except provisioning.SlugTaken as error:
        raise ArchiveRefused("slug_taken", wanted.slug) from error
    except room.TooManyWorkspaces as error:
        raise ArchiveRefused("too_many_workspaces", str(error)) from error
    note_now(
        "UPDATE tenants_import SET schema_name = %s WHERE id = %s",
        [work.tenant.schema_name, wanted.pk],
    )
    wanted.schema_name = work.tenant.schema_name


def _write_files(work: _Work) -> None:
    storage, total = storages["workspaces"], work.opened.manifest.files.count
    for entry in work.opened.sizes:
        if not entry.startswith("files/"):
            continue
        name = new_name(work.wanted, work.tenant.schema_name, entry.removeprefix("files/"))
        with work.opened.stream(entry) as content:
            if storage.save(name, File(content, name=name)) != name:
                raise RuntimeError(f"{name} exists already")
        work.report.files += 1
        work.tell("files", work.report.files, total)
    work.report.missing_files = len(work.opened.manifest.files.missing)


def _write_rows(work: _Work, cursor: Any) -> None:
    manifest, schema_name = work.opened.manifest, work.tenant.schema_name
    known = tables.of(cursor, schema_name)
    for table, said in manifest.tables.items():
        columns = [known[table][name] for name in said]
        total = manifest.entries[layout.table_entry(table)].lines
        waiting: list[bytes] = []
        size = done = 0
        for line in lines(work.opened, layout.table_entry(table)):
            row = _translated(work, table, line)
            waiting.append(row)
            size, done = size + len(row), done + 1
            if size >= _AT_ONCE:
                tables.insert(cursor, schema_name, table, columns, waiting)
                waiting, size = [], 0
                work.tell(table, done, total)
        if waiting:
            tables.insert(cursor, schema_name, table, columns, waiting)
        work.report.rows[table] = done
    try:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # now, not at the commit: it can be said
    except IntegrityError as error:
        raise ArchiveRefused("broken_reference", str(error).splitlines()[0]) from error
    tables.settle_sequences(cursor, schema_name)


def _translated(work: _Work, table: str, line: bytes) -> bytes:
    """The row with this installation's names of files and ids of persons, and with what is not the
    archive's to say; other numbers stay as written."""
    of_files = work.product.files.get(table, ())
    of_persons = work.product.persons.get(table, ())
    of_words = work.product.one_line.get(table, ())
    known = work.facts.of_row(table, msgspec.json.decode(line))
    if not (of_files or of_persons or of_words or known):
        return line.rstrip(b"\n")
    row = _rows.decode(line)
    for column, value in known.items():
        row[column] = msgspec.Raw(msgspec.json.encode(value))
    for column in of_words:
        words = msgspec.json.decode(row[column]) if column in row else None
        if isinstance(words, str):
            row[column] = msgspec.Raw(msgspec.json.encode(names.plain(words)))
    for column in of_files:
        name = msgspec.json.decode(row[column]) if column in row else None
        if name is not None:
            key = new_name(work.wanted, work.tenant.schema_name, name)
            row[column] = msgspec.Raw(msgspec.json.encode(key))
    for column in of_persons:
        person = msgspec.json.decode(row[column]) if column in row else None
        if person is not None:
            here = work.people.get(str(person))
            work.report.authors_left_out += here is None
            row[column] = msgspec.Raw(msgspec.json.encode(here))
    return msgspec.json.encode(row)


def _write_shared(work: _Work) -> None:
    people: Mapping[str, UUID] = work.people
    for name, part in shared.parts().items():
        if part.restore is None:
            continue
        rows = (msgspec.json.decode(line) for line in _part_lines(work, name))
        try:
            with transaction.atomic():
                work.report.rows[name] = part.restore(work.tenant, rows, people)
        except (
            msgspec.ValidationError,
            ValueError,
            TypeError,
            KeyError,
            ValidationError,
            DataError,
            IntegrityError,
        ) as error:
            raise ArchiveRefused("bad_value", f"{name}: {error}") from error


def _let_product_know(work: _Work) -> None:
    zone = work.opened.manifest.workspace.time_zone
    try:
        type(work.tenant)._meta.get_field("time_zone").run_validators(zone)
    except ValidationError:
        zone = "UTC"
    work.tenant.time_zone = zone
    work.tenant.save(update_fields=["time_zone"])
    schema.enter(work.tenant)
    try:
        work.product.imported(work.tenant, person_id=person_of(work.wanted.owner).id)
    finally:
        schema.leave()
