"""What workspaces record.

`Seat Count Changed` is the one event that the seats meter sums; `Member Joined` and `Member Left`
say who it was.
"""

from events import EventType

WORKSPACE_CREATED = EventType("Workspace Created", properties={"slug": str, "name": str})
WORKSPACE_MOVED = EventType("Workspace Moved", properties={"from": str, "to": str})
WORKSPACE_SUSPENDED = EventType("Workspace Suspended")
WORKSPACE_RESUMED = EventType("Workspace Resumed")
WORKSPACE_DELETED = EventType("Workspace Deleted", properties={"purge_after": str})
WORKSPACE_RESTORED = EventType("Workspace Restored")
MEMBER_JOINED = EventType("Member Joined", properties={"user_id": str, "role": str})
MEMBER_LEFT = EventType("Member Left", properties={"user_id": str, "role": str})
SEAT_COUNT_CHANGED = EventType("Seat Count Changed", properties={"change": int})
MEMBER_ROLE_CHANGED = EventType(
    "Member Role Changed", properties={"user_id": str, "from": str, "to": str}
)
MEMBER_INVITED = EventType("Member Invited", properties={"role": str})
API_KEY_CREATED = EventType("API Key Created", properties={"key_id": str})
API_KEY_REVOKED = EventType("API Key Revoked", properties={"key_id": str})
# A webhook whose program calls the API would be told of that call, and so on.
API_CALLED = EventType(
    "API Called", properties={"method": str, "path": str, "key_id": str}, webhooks=False
)

ALL = (
    WORKSPACE_CREATED,
    WORKSPACE_MOVED,
    WORKSPACE_SUSPENDED,
    WORKSPACE_RESUMED,
    WORKSPACE_DELETED,
    WORKSPACE_RESTORED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    MEMBER_ROLE_CHANGED,
    SEAT_COUNT_CHANGED,
    MEMBER_INVITED,
    API_KEY_CREATED,
    API_KEY_REVOKED,
    API_CALLED,
)
