"""What is counted and what is sold. Everything else reads it from here."""

from billing.catalogue import Plan
from metering import Limit, Meter, UsagePrice

METERS = [
    Meter(
        key="things",
        label="Things",
        event="Thing Count Changed",
        aggregation="sum",
        property="change",
        period="lifetime",  # what exists does not begin anew each month
        group_by=("person",),
        description="Things that exist now.",
    ),
    Meter(
        key="uses",
        label="Uses",
        event="Thing Used",
        aggregation="count",
        group_by=("thing_id",),
        description="Every time somebody uses a thing.",
    ),
    # These two the platform knows by their keys: members, and calls of the API.
    Meter(
        key="seats",
        label="Seats",
        event="Seat Count Changed",
        aggregation="sum",
        property="change",
        period="lifetime",
        description="People in the workspace.",
    ),
    Meter(
        key="api_calls",
        label="API calls",
        event="API Called",
        aggregation="count",
        group_by=("key_id", "path"),
        description="Requests with an API key.",
    ),
]

# The first plan is where everybody starts. Prices are in cents.
PLANS = [
    Plan(
        key="free",
        name="Free",
        summary="For trying it out, for as long as you like.",
        limits={
            "things": Limit(5),
            "uses": Limit(1_000, hard=False),
            "seats": Limit(3),
            "api_calls": Limit(1_000),
        },
        features=["Five things", "The full API"],
    ),
    Plan(
        key="pro",
        name="Pro",
        summary="For a team that works with it every day.",
        prices={"month": 29_00, "year": 290_00},
        limits={
            "things": Limit(1_000),
            "uses": Limit(100_000, hard=False, price=UsagePrice(1_00, per=10_000)),
            "seats": Limit(10),
            "api_calls": Limit(100_000),
        },
        spend_limit=29_00,
        features=["Everything in Free", "A thousand things"],
        highlighted=True,
    ),
]
