"""A process of `run_readers` with ten readers that count: `python -m bench.readers.ten`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NAMES = [f"bench.beside.{number}" for number in range(10)]


def count(events: Sequence[Any], _: Any) -> None:
    sum(event.tenant is not None for event in events)


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from events import readers

    for name in NAMES:
        readers.register(readers.Reader(name, count, at_once=10_000))
    call_command("run_readers", "--only", *NAMES)


if __name__ == "__main__":
    main()
