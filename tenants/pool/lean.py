"""Tables of a workspace without what they can never use.

PostgreSQL makes a second table, with an index, for what is too long for a row (TOAST), wherever a row could
be: for two names of 255 characters, too. Where all columns of a table together stay below half a page
whatever is written into them, they are told to stay in the row (STORAGE PLAIN, which CREATE TABLE knows since
PostgreSQL 16): two files less for each such table of each workspace. A column that a later migration adds is
as ever, and brings that second table where it needs one.
"""

from __future__ import annotations

import re

SINCE = 16_00_00  # as psycopg says versions
_MOST = 4_000  # bytes; a row may have 8,160
_TABLE = re.compile(r"^CREATE TABLE [^(]+\((?P<columns>.*?)^\);$", re.MULTILINE | re.DOTALL)
_BOUNDED = re.compile(r"character varying\((\d+)\)")
# In the row whatever they say, and how long that is at the most.
_FIXED = ("bigint", "integer", "smallint", "boolean", "uuid", "date", "timestamp with time zone",
          "double precision", "real")  # fmt: skip
_LONGEST_FIXED, _LONGEST_CHARACTER = 24, 4  # bytes, alignment included; in UTF-8


def lean(ddl: str) -> str:
    """The same tables as pg_dump wrote them, with short texts in their rows."""
    return _TABLE.sub(lambda found: _in_the_row(found[0], found["columns"]), ddl)


def _in_the_row(statement: str, columns: str) -> str:
    longest, lines = 0, []
    for line in columns.splitlines():
        said = line.strip()
        kind = said.partition(" ")[2]
        if said and not said.startswith("CONSTRAINT "):
            if "[" in kind:
                return statement
            if bounded := _BOUNDED.match(kind):
                longest += int(bounded[1]) * _LONGEST_CHARACTER + 8
                line = _BOUNDED.sub(r"\g<0> STORAGE PLAIN", line, count=1)
            elif kind.startswith(_FIXED):
                longest += _LONGEST_FIXED
            else:  # of any length, as far as this knows
                return statement
        lines.append(line)
    if longest > _MOST:
        return statement
    return statement.replace(columns, "\n".join(lines) + "\n", 1)
