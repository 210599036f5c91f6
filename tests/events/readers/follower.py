"""A process of `run_readers` with one reader, which writes what it sees to the primary database.

python -m tests.events.readers.follower EVENTS_DATABASE_URL [run_readers' options]
"""

from __future__ import annotations

import sys

import django

NAME = "killed"


def handle(events, session) -> None:
    with session.cursor() as cursor:
        for event in events:
            if event.properties.get("bad"):
                cursor.execute("SELECT 1/0")
            cursor.execute("INSERT INTO readers_seen (id) VALUES (%s)", [str(event.id)])


def main(url: str, *options: str) -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from events import readers

    settings.EVENTS_DATABASE_URL = url
    reader = readers.Reader(NAME, handle, starts="beginning", at_once=5, tries=1)
    readers.register(reader)
    call_command("run_readers", "--only", NAME, *options)


if __name__ == "__main__":
    main(*sys.argv[1:])
