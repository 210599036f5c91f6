"""What Signpost counts and what it sells. Everything else reads it from here."""

from billing.catalogue import Plan
from metering import Limit, Meter, UsagePrice

MB, GB = 1024**2, 1024**3

METERS = [
    Meter(
        key="links",
        label="Links",
        event="Link Count Changed",
        aggregation="sum",
        property="change",
        period="lifetime",
        group_by=("person",),
        description="Short links that exist now.",
    ),
    Meter(
        key="clicks",
        label="Clicks",
        event="Link Clicked",
        aggregation="count",
        excludes={"counted": False},
        group_by=("link_id",),
        description="Visits through your short links. They keep working above the limit.",
    ),
    Meter(
        key="clicks_not_counted",
        label="Clicks that do not count",
        event="Link Clicked",
        aggregation="count",
        filters={"counted": False},
        group_by=("link_id", "reason"),
        beside="clicks",
        burst=300,
        description="By robots, or again by the same client within a moment. They cost nothing.",
    ),
    Meter(
        key="visitors",
        label="Visitors",
        event="Link Clicked",
        aggregation="unique",
        property="anonymous_id",
        excludes={"counted": False},
        # Not by link: that would keep two rows for nearly every click, and double what it costs.
        description="Different browsers that followed your links.",
    ),
    Meter(
        key="conversions",
        label="Conversions",
        event="Conversion Reported",
        aggregation="count",
        group_by=("link_id", "currency"),
        description="What your own site reported over the API.",
    ),
    Meter(
        key="storage",
        label="Storage",
        event="Storage Changed",
        aggregation="sum",
        property="bytes",
        unit="bytes",
        period="lifetime",
        group_by=("person",),
        description="Files that are stored now.",
    ),
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

PLANS = [
    Plan(
        key="free",
        name="Free",
        summary="For trying it out, for as long as you like.",
        limits={
            "links": Limit(10),
            "clicks": Limit(1_000, hard=False),
            "storage": Limit(50 * MB),
            "seats": Limit(3),
            "conversions": Limit(10_000),
            "api_calls": Limit(1_000),
        },
        features=["Click counts as they happen", "Files up to 20 MB", "The full API"],
    ),
    Plan(
        key="pro",
        name="Pro",
        summary="For a team that shares links every day.",
        prices={"month": 29_00, "year": 290_00},
        limits={
            "links": Limit(1_000),
            "clicks": Limit(100_000, hard=False, price=UsagePrice(1_00, per=10_000)),
            "storage": Limit(10 * GB),
            "seats": Limit(10),
            "conversions": Limit(1_000_000),
            "api_calls": Limit(100_000),
        },
        spend_limit=29_00,
        custom_domains=1,
        features=[
            "Everything in Free",
            "A domain of your own",
            "Two months free when paid by the year",
        ],
        highlighted=True,
    ),
    Plan(
        key="business",
        name="Business",
        summary="For companies whose links are on every poster.",
        prices={"month": 99_00, "year": 990_00},
        limits={
            "links": Limit(10_000),
            "clicks": Limit(1_000_000, hard=False, price=UsagePrice(50, per=10_000)),
            "storage": Limit(100 * GB),
            "seats": Limit(50),
            "conversions": Limit(10_000_000),
            "api_calls": Limit(1_000_000),
        },
        spend_limit=99_00,
        custom_domains=5,
        features=[
            "Everything in Pro",
            "Five domains of your own",
            "Ten times the room",
        ],
    ),
]
