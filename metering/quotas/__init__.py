"""May this workspace use more? Limits in force, counters, leases and the decision."""

from metering.quotas.counters import CountersUnavailable
from metering.quotas.counters import life as counter_life
from metering.quotas.decision import Decision
from metering.quotas.earlier import NOTHING, Earlier
from metering.quotas.earlier import of as earlier_in_the_month
from metering.quotas.limits import begin as begin_limits
from metering.quotas.limits import of as limits_of
from metering.quotas.limits import set_limits
from metering.quotas.own_limits import has_chosen as has_chosen_limits
from metering.quotas.own_limits import money_is_of_nobody
from metering.quotas.own_limits import set_own as set_own_limits
from metering.quotas.quota import QuotaExceeded, consume, release
from metering.quotas.rates import RateExceeded, Standing, count_call
from metering.quotas.spend import OwnLimits
from metering.quotas.spend import of as own_limits_of

__all__ = [
    "NOTHING",
    "CountersUnavailable",
    "Decision",
    "Earlier",
    "OwnLimits",
    "QuotaExceeded",
    "RateExceeded",
    "Standing",
    "begin_limits",
    "consume",
    "count_call",
    "counter_life",
    "earlier_in_the_month",
    "has_chosen_limits",
    "limits_of",
    "money_is_of_nobody",
    "own_limits_of",
    "release",
    "set_limits",
    "set_own_limits",
]
