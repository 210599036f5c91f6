"""What the processes of this project tell Prometheus, beside what the apps below know of themselves."""

from plg_site.numbers.registering import register

__all__ = ["register"]
