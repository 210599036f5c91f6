"""Time zones that a workspace may choose: the same that a person may (`identity.zones`)."""

from identity.zones import choices, validate_time_zone

__all__ = ["choices", "validate_time_zone"]
