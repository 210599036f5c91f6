"""What a sign-in gives, where it leads, and how it ends: sessions, credentials, ways out."""

from identity.signing_in.sign_ins import of as sign_ins_of
from identity.signing_in.sign_out import sign_out as sign_out_page
from identity.signing_in.ways_out import Ours as OwnAddress
from identity.signing_in.ways_out import read as read_target
from identity.signing_in.ways_out import vouch as vouch_for_targets

__all__ = [
    "OwnAddress",
    "read_target",
    "sign_ins_of",
    "sign_out_page",
    "vouch_for_targets",
]
