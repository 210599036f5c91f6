"""Who may do what in a workspace: one table, asked by views, templates and flows.

What is not in it (links, files, usage, the list of members, leaving) is for every member. Two rules
stand beside it: nobody but an owner changes or removes an owner (`tenants.members.roles`), and a person
becomes an owner only by accepting an offer (`tenants.members.ownership`).
"""

from __future__ import annotations

from enum import StrEnum, auto
from types import MappingProxyType

from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"


class May(StrEnum):
    """What needs more than being a member."""

    INVITE = auto()  # invite, invite again, withdraw; remove somebody
    CHANGE_ROLES = auto()  # between admin and member
    NAME = auto()  # name and time zone of the workspace
    MAKE_KEYS = auto()  # make and revoke API keys
    SET_WEBHOOKS = auto()  # which programs are told of what happens
    SET_LIMITS = auto()  # alerts, and limits below those of the plan
    PAY = auto()  # buy, change and cancel a plan
    MOVE = auto()  # change the workspace's address
    OPEN_DOORS = auto()  # let people with a verified address of the company join
    ADD_DOMAINS = auto()  # serve the workspace under a domain of its own
    TAKE_DATA = auto()  # export everything, and bring it in
    READ_AUDIT = auto()  # the audit log
    HAND_OVER = auto()  # offer ownership to somebody
    DELETE = auto()  # delete the workspace, and undo it


_OWNERS = frozenset({Role.OWNER.value})
_MANAGERS = _OWNERS | {Role.ADMIN.value}

TABLE = MappingProxyType(
    {
        May.INVITE: _MANAGERS,
        May.CHANGE_ROLES: _MANAGERS,
        May.NAME: _MANAGERS,
        May.MAKE_KEYS: _MANAGERS,
        May.SET_WEBHOOKS: _MANAGERS,
        May.SET_LIMITS: _MANAGERS,
        May.PAY: _MANAGERS,
        May.MOVE: _OWNERS,
        May.OPEN_DOORS: _OWNERS,
        May.ADD_DOMAINS: _OWNERS,
        May.TAKE_DATA: _OWNERS,
        May.READ_AUDIT: _OWNERS,
        May.HAND_OVER: _OWNERS,
        May.DELETE: _OWNERS,
    }
)


def allowed(role: str) -> frozenset[May]:
    """Everything that somebody in this role may do."""
    return frozenset(what for what, roles in TABLE.items() if role in roles)


def roles_that_may(what: May) -> frozenset[str]:
    """The roles that allow it, for queries."""
    return TABLE[what]
