"""In-app messages: what people find under the bell of every page, at once where one is open.

    notifications.send(
        [user], title="Your report is ready", text="It has 12 pages.", path="/reports/7/",
        topic="reports", tenant=request.tenant, once=f"report:{report.pk}",
    )

Written in the transaction that decides, like everything of the ledger, and asked the same gates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from identity import names
from identity.models import User
from identity.persons import person_of
from outbound import topics
from outbound.channels import IN_APP
from outbound.delivery import ledger
from outbound.delivery.ledger import About
from outbound.letter import Letter

LONGEST = {"title": 250, "text": 1000, "path": 500}  # characters
_PATH = re.compile(r"/([^/\\\s][^\\\s]*)?")


class Workspace(Protocol):
    @property
    def pk(self) -> UUID: ...


def send(
    people: Iterable[User],
    *,
    title: str,
    text: str = "",
    path: str = "",
    topic: str,
    tenant: Workspace | None = None,
    once: str = "",
    expires_at: datetime | None = None,
) -> int:
    """Tell each of these people, once for the fact that `once` names (at most 160 characters; without
    it the call is the fact). Returns how many messages were written; some may be stopped by a gate.

    `tenant`: they see it there and on the pages of their account, as long as they are members; None:
    everywhere. `path` begins with one slash and leads to that workspace, or without one to the site.
    After `expires_at` (aware) nobody sees it. Texts are cut where they are too long (LONGEST). Raises
    ValueError for a path that may lead elsewhere, and for a topic that people may refuse and that does
    not name this channel: nobody could say no to it.
    """
    kind = topics.get(topic)
    if kind.is_optional and IN_APP.name not in kind.channels:
        raise ValueError(f"The topic “{topic}” is not registered with the channel {IN_APP.name}.")
    if path and (not _PATH.fullmatch(path) or len(path) > LONGEST["path"]):
        raise ValueError(f"{path[:80]!r} is no path like /reports/7/ on a host of ours.")
    title, text = names.plain(title)[: LONGEST["title"]], names.plain(text)[: LONGEST["text"]]
    letter, tenant_id, written = Letter(title, text or title, path=path), None, 0
    if tenant is not None:
        tenant_id = tenant.pk
    for user in people:
        person_id = person_of(user).pk
        written += ledger.send(
            letter,
            to=user.email,
            topic=topic,
            once=f"{once}:bell:{person_id.hex}" if once else "",
            about=About(person=person_id, tenant=tenant_id),
            channel=IN_APP.name,
            expires_at=expires_at,
        )
    return written
