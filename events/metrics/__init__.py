"""Numbers about the installation, for Prometheus: counted in a table that the processes of a machine
share, or asked when somebody wants to know. Upper apps register what they know."""

from events.metrics.asking import Gauge, Question, Sample, questions, register
from events.metrics.counting import OTHER, Counter, Histogram, Level
from events.metrics.machine import folder, here
from events.metrics.serving import serve, stop, tell_with

__all__ = [
    "OTHER",
    "Counter",
    "Gauge",
    "Histogram",
    "Level",
    "Question",
    "Sample",
    "folder",
    "here",
    "questions",
    "register",
    "serve",
    "stop",
    "tell_with",
]
