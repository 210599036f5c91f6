"""Whose an address is: sign-ups that nobody has proved, codes by mail, and what follows from a proof."""

from identity.proofs.beginnings import note as note_beginning
from identity.proofs.claims import prove_one_by_one
from identity.proofs.claims import proved as proved_user
from identity.proofs.mailed_codes import check as check_code
from identity.proofs.mailed_codes import send as send_code
from identity.proofs.merging import NotJoined
from identity.proofs.merging import forget_expired as forget_expired_merges
from identity.proofs.proving import begin_proved

__all__ = [
    "NotJoined",
    "begin_proved",
    "check_code",
    "forget_expired_merges",
    "note_beginning",
    "prove_one_by_one",
    "proved_user",
    "send_code",
]
