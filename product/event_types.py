"""What Signpost records.

Four of these are metered: `Link Count Changed` (summed), `Link Clicked` (counted, and its visitors),
`Storage Changed` (summed) and `Conversion Reported` (counted), which the customer's own shop or
site sends over the API. The others say what happened, for timelines and funnels. Samples that come
with a new workspace are never in any of them, except when somebody clicks a sample link.
"""

from decimal import Decimal
from uuid import UUID

from events import EventType

LINK_CREATED = EventType("Link Created", properties={"link_id": UUID, "code": str, "kind": str})
LINK_DELETED = EventType("Link Deleted", properties={"link_id": UUID, "code": str})
# Without an id: many at once, by an import.
LINK_COUNT_CHANGED = EventType(
    "Link Count Changed", properties={"change": int, "link_id": UUID | None}
)
# Without `counted` a click counts; it is false, with the `reason`, where one does not (counting.py).
LINK_CLICKED = EventType(
    "Link Clicked",
    properties={"link_id": UUID, "code": str, "counted": bool | None, "reason": str | None},
)
FILE_STORED = EventType(
    "File Stored", properties={"file_id": UUID, "bytes": int, "content_type": str}
)
FILE_DELETED = EventType("File Deleted", properties={"file_id": UUID, "bytes": int})
STORAGE_CHANGED = EventType("Storage Changed", properties={"bytes": int, "file_id": UUID | None})
CONVERSION_REPORTED = EventType(
    "Conversion Reported",
    properties={"link_id": UUID | None, "amount": Decimal | None, "currency": str | None},
    external=True,
    formats={"currency": "[A-Z]{3}"},  # ISO 4217; also what keeps the groups few
)

ALL = (
    LINK_CREATED,
    LINK_DELETED,
    LINK_COUNT_CHANGED,
    LINK_CLICKED,
    FILE_STORED,
    FILE_DELETED,
    STORAGE_CHANGED,
    CONVERSION_REPORTED,
)
