"""What happens in it."""

from events import EventType

BUTTON_PRESSED = EventType("Button Pressed", properties={})

ALL = (BUTTON_PRESSED,)
