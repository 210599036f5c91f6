"""Events of websites, apps and servers, told in Segment's form: sources, plans, and what a call becomes."""

from identity.collecting.bodies import MAX_SENT, TooLarge, Unreadable, plain
from identity.collecting.calls import MOST, Message, TooMany, read_batch, read_one
from identity.collecting.deciding import decide
from identity.collecting.forgetting import forget
from identity.collecting.keys import LONGEST as LONGEST_KEY
from identity.collecting.keys import hashed
from identity.collecting.plan import KINDS, NotAPlan, guessed
from identity.collecting.plan import read as read_plan
from identity.collecting.plan import written as written_plan
from identity.collecting.snapshot import Known, Snapshot, load
from identity.collecting.sources import NotMade, create, end
from identity.collecting.tally import Tally, write
from identity.collecting.telling import Refused, Teller, Told

__all__ = [
    "KINDS",
    "LONGEST_KEY",
    "MAX_SENT",
    "MOST",
    "Known",
    "Message",
    "NotAPlan",
    "NotMade",
    "Refused",
    "Snapshot",
    "Tally",
    "Teller",
    "Told",
    "TooLarge",
    "TooMany",
    "Unreadable",
    "create",
    "decide",
    "end",
    "forget",
    "guessed",
    "hashed",
    "load",
    "plain",
    "read_batch",
    "read_one",
    "read_plan",
    "write",
    "written_plan",
]
