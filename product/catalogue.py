"""What Signpost counts and what it sells. Everything else reads it from here."""

from billing.catalogue import Coupon, Feature, Offer, Plan, Rules
from metering import Limit, Meter, Tier, Tiers, UsagePrice

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

FEATURES = [Feature(key="own_domains", label="a domain of your own")]

# Prices are in cents. Who subscribes keeps the prices of that day, also those of usage, until
# `manage.py move_subscribers` moves them.
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
        prices={
            "month": {"usd": 29_00, "eur": 27_00},
            "year": {"usd": 290_00, "eur": 270_00},
        },
        trial_days=14,
        limits={
            "links": Limit(1_000),
            "clicks": Limit(100_000, hard=False, price=UsagePrice(1_00, per=10_000)),
            "storage": Limit(10 * GB),
            "seats": Limit(10),
            "conversions": Limit(1_000_000),
            "api_calls": Limit(100_000),
        },
        usage_prices={"eur": {"clicks": UsagePrice(95, per=10_000)}},
        spend_limit={"usd": 29_00, "eur": 27_00},
        custom_domains=1,
        allows={"own_domains"},
        features=[
            "Everything in Free",
            "A domain of your own",
            "Two months free when paid by the year",
        ],
        highlighted=True,
    ),
    Plan(
        key="team",
        name="Team",
        summary="For many people: each seat brings its share.",
        prices={
            "month": {"usd": 12_00, "eur": 11_00},
            "year": {"usd": 120_00, "eur": 110_00},
        },
        per_seat=True,
        least_seats=2,
        limits={
            "links": Limit(1_000),
            "clicks": Limit(
                0,
                hard=False,
                price=Tiers(
                    "graduated", (Tier(1_000_000, 90, per=10_000), Tier(None, 60, per=10_000))
                ),
            ),
            "storage": Limit(0, hard=False, price=UsagePrice(10, per=GB)),
            "seats": Limit(0),
            "conversions": Limit(1_000_000),
            "api_calls": Limit(0),
        },
        each_seat={
            "links": 200,
            "clicks": 25_000,
            "storage": 5 * GB,
            "seats": 1,
            "api_calls": 20_000,
        },
        usage_prices={
            "eur": {
                "clicks": Tiers(
                    "graduated", (Tier(1_000_000, 85, per=10_000), Tier(None, 55, per=10_000))
                ),
                "storage": UsagePrice(9, per=GB),
            }
        },
        spend_limit={"usd": 50_00, "eur": 46_00},
        custom_domains=2,
        allows={"own_domains"},
        features=["Everything in Pro", "Two domains of your own", "As many people as you like"],
    ),
    Plan(
        key="business",
        name="Business",
        summary="For companies whose links are on every poster.",
        prices={
            "month": {"usd": 99_00, "eur": 92_00},
            "year": {"usd": 990_00, "eur": 920_00},
        },
        limits={
            "links": Limit(10_000),
            "clicks": Limit(1_000_000, hard=False, price=UsagePrice(50, per=10_000)),
            "storage": Limit(100 * GB),
            "seats": Limit(50),
            "conversions": Limit(10_000_000),
            "api_calls": Limit(1_000_000),
        },
        usage_prices={"eur": {"clicks": UsagePrice(45, per=10_000)}},
        spend_limit={"usd": 99_00, "eur": 92_00},
        custom_domains=5,
        allows={"own_domains"},
        features=[
            "Everything in Pro",
            "Five domains of your own",
            "Ten times the room",
        ],
    ),
]

# Half price is offered to who is about to cancel, once a workspace.
RULES = Rules(
    grace_days=14,
    offer=Offer(
        coupon=Coupon(
            key="stay",
            name="Half price for three months",
            percent=50,
            duration="repeating",
            months=3,
        ),
        title="Half price for three months",
        text="Stay, and pay half for the next three months. You can cancel at any time all the same.",
    ),
)
