"""Each operation of the API asks the key for its scope, and the documentation says which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ninja.operation import Operation

from tenants.scopes import Scope

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def scope_of(operation: Operation) -> Scope:
    """What the operation itself says (`tenants.scopes.needs`); else by its method."""
    said: Scope | None = getattr(operation.view_func, "scope", None)
    if said is not None:
        return said
    return Scope.READ if set(operation.methods) <= _READING else Scope.WRITE


def require(operations: Iterable[Operation], key: type[Any]) -> None:
    """Let every operation that takes a key take only one with its scope. `key`: made with it."""
    for operation in operations:
        if operation.auth_callbacks:
            scope = scope_of(operation)
            operation.auth_callbacks = [key(scope)]
            operation.description = f"{operation.description or ''}\n\nScope: `{scope.value}`."


def name_in(document: dict[str, Any], operations: dict[str, Scope]) -> None:
    """Say in the document which scope each operation needs, by operation id (OpenAPI 3.1, "Security
    Requirement Object": names of roles, for schemes that are not OAuth)."""
    for path in document["paths"].values():
        for said in path.values():
            scope = operations.get(said.get("operationId", ""))
            if scope is not None and said.get("security"):
                said["security"] = [{name: [scope.value] for name in said["security"][0]}]
