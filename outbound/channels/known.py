"""The channels of this installation, by name."""

from __future__ import annotations

from outbound.channels.channel import Channel, Doubling, Patience

_registered: dict[str, Channel] = {}


def register(*channels: Channel) -> None:
    """Know these from now on."""
    for channel in channels:
        _registered[channel.name] = channel


def get(name: str) -> Channel | None:
    return _registered.get(name)


def patience_of(name: str) -> Patience:
    """How long something is tried by this channel."""
    channel = _registered.get(name)
    return channel.patience if channel else Doubling()


def registered() -> list[Channel]:
    """All, in the order of registration."""
    return list(_registered.values())
