"""What happens in a workspace, told to addresses that it names, as Standard Webhooks says.

An endpoint belongs to a workspace, which is known here by its id. `telling` writes rows of the ledger,
`channel` sends them, `places` says where we never call.
"""

from outbound.webhooks.channel import PAUSES, WEBHOOK, endpoint_of, is_open
from outbound.webhooks.endpoints import Because, add, change, pause, remove, resume, roll, stop
from outbound.webhooks.keys import OVERLAP
from outbound.webhooks.places import NotAllowed, check_url
from outbound.webhooks.telling import MOST_WAITING, NAME, TOPIC, send_test, tell, type_of, waiting

__all__ = [
    "MOST_WAITING",
    "NAME",
    "OVERLAP",
    "PAUSES",
    "TOPIC",
    "WEBHOOK",
    "Because",
    "NotAllowed",
    "add",
    "change",
    "check_url",
    "endpoint_of",
    "is_open",
    "pause",
    "remove",
    "resume",
    "roll",
    "send_test",
    "stop",
    "tell",
    "type_of",
    "waiting",
]
