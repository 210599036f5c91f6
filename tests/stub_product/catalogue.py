"""What it counts and what it sells."""

from billing.catalogue import Plan
from metering import Limit, Meter

METERS = [
    Meter(
        key="presses",
        label="Presses",
        event="Button Pressed",
        aggregation="count",
        description="Every time somebody presses the button.",
    )
]

PLANS = [
    Plan(key="free", name="Free", summary="Press a little.", limits={"presses": Limit(3)}),
    Plan(key="paid", name="Paid", summary="Press a lot.", prices={"month": 5_00}),
]
