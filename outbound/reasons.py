"""Reasons as staff read them; the words in the rows are for machines."""

from __future__ import annotations

_WORDS = {
    "expired": "It was worth nothing any more.",
    "no_address": "There is no address.",
    "address_unproved": "Nobody has shown that this mailbox is theirs.",
    "suppressed_bounce": "Mail to this address came back.",
    "suppressed_complaint": "Its owner has called our mail spam.",
    "suppressed_by_hand": "Staff have said that this address gets nothing.",
    "no_consent": "They do not want this kind of message.",
    "workspace_suspended": "The workspace is suspended.",
    "workspace_deleted": "The workspace is deleted.",
    "workspace_purging": "The workspace is being removed.",
    "workspace_gone": "The workspace is gone.",
    "quiet_hours": "It is night where they live.",
    "limit_of_recipient": "This address gets too much at the moment.",
    "limit_of_workspace": "This workspace has sent too much at the moment.",
    "limit_of_sender": "Who caused it has caused too much at the moment.",
    "capped": "They had enough of this kind that day.",
    "unreachable": "The mail server did not answer.",
    "connection_lost": "The connection to the mail server broke.",
    "refused_for_now": "The mail server would not take it for now.",
    "refused": "The mail server would not take it.",
    "no_recipient": "The mail server took none of the addresses.",
    "provider_failed": "The provider failed.",
    "provider_refuses_us": "The provider does not accept our key.",
    "bounced": "It came back.",
    "rejected": "The provider did not send it.",
    "failed": "The provider could not send it.",
    "complained": "Who got it called it spam.",
    "worker_gone": "The process that sent it was ended meanwhile; nobody knows whether it left.",
    "gate_failed": "A question could not be answered; it is asked again.",
    "letter_failed": "It could not be put into words; it is tried again.",
    "fault": "A fault of ours; the log has it.",
    "sealed_with_another_key": "It was sealed with a SECRET_KEY that is not known any more.",
    "no_such_channel": "There is no such channel.",
    "person_gone": "The account was closed.",
}


def in_words(reason: str) -> str:
    """A sentence; the reason itself where nobody has written one; "" for none."""
    return _WORDS.get(reason, reason)
