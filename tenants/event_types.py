"""What workspaces record.

`Seat Count Changed` is the one event that the seats meter sums; `Member Joined` and `Member Left`
say who it was.
"""

from events import EventType

WORKSPACE_CREATED = EventType("Workspace Created", properties={"slug": str, "name": str})
MEMBER_JOINED = EventType("Member Joined", properties={"user_id": str, "role": str})
MEMBER_LEFT = EventType("Member Left", properties={"user_id": str, "role": str})
SEAT_COUNT_CHANGED = EventType("Seat Count Changed", properties={"change": int})
MEMBER_INVITED = EventType("Member Invited", properties={"role": str})
API_KEY_CREATED = EventType("API Key Created", properties={"key_id": str})
API_KEY_REVOKED = EventType("API Key Revoked", properties={"key_id": str})
API_CALLED = EventType("API Called", properties={"method": str, "path": str, "key_id": str})

ALL = (
    WORKSPACE_CREATED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    SEAT_COUNT_CHANGED,
    MEMBER_INVITED,
    API_KEY_CREATED,
    API_KEY_REVOKED,
    API_CALLED,
)
