"""Several events in one entry of the stream: a parcel.

What Redis does for an entry (delivery, acknowledgement, the log on disk) costs it as much for one
event as for many. Under load the threads of a process send together, and so their events share.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST = 32  # events in a parcel: a reader that asks for 500 entries gets 16,000 events at most
_BYTES = 64 * 1024  # a parcel that has so many is closed


def pack(lines: Sequence[bytes]) -> list[bytes]:
    """The encoded events, one a line, as few parcels."""
    parcels, start, size = [], 0, 0
    for number, line in enumerate(lines):
        if number - start == MOST or size >= _BYTES:
            parcels.append(b"\n".join(lines[start:number]))
            start, size = number, 0
        size += len(line)
    return [*parcels, b"\n".join(lines[start:])] if lines else []


def unpack(parcel: bytes) -> list[bytes]:
    """The encoded events of a parcel; one that is empty has an empty one."""
    return parcel.split(b"\n")
