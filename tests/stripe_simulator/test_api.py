"""What every route has in common: keys, parameters, errors, idempotency, expansion, pages."""

import pytest
import stripe

from .conftest import World, client_for, web


def test_a_key_that_is_not_a_test_key_is_refused(world: World) -> None:
    for key in ("sk_live_somebodys_real_key", "nonsense"):
        with pytest.raises(stripe.AuthenticationError) as refused:
            client_for(world.url, key).v1.customers.list()
        assert refused.value.http_status == 401
        assert "Invalid API Key provided" in str(refused.value)


def test_no_key_is_refused(world: World) -> None:
    answer = web.get(f"{world.url}/v1/customers")
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_key_in_basic_authentication_is_accepted(world: World) -> None:
    answer = web.get(f"{world.url}/v1/account", auth=("sk_test_x", ""))
    assert answer.json()["object"] == "account"


def test_another_account_is_refused(world: World) -> None:
    with pytest.raises(stripe.PermissionError):
        world.client.v1.customers.list(options={"stripe_account": "acct_other"})


def test_an_answer_names_its_request_and_version(world: World) -> None:
    options: stripe.RequestOptions = {"stripe_version": "2026-05-27.dahlia"}
    headers = world.client.v1.customers.list(options=options).last_response.headers
    assert headers["request-id"].startswith("req_")
    assert headers["stripe-version"] == "2026-05-27.dahlia"


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"nickname": "x"}, "parameter_unknown", "nickname"),
        ({"address": {"planet": "Mars"}}, "parameter_unknown", "address[planet]"),
        ({"metadata": "text"}, None, "metadata"),
        ({"tax_exempt": "sometimes"}, None, "tax_exempt"),
        ({"balance": "much"}, "parameter_invalid_integer", "balance"),
    ],
)
def test_a_wrong_parameter_is_named(
    world: World, params: dict[str, object], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.customers.create(params)  # type: ignore[arg-type]
    assert refused.value.http_status == 400
    assert (refused.value.code, refused.value.param) == (code, param)


def test_a_missing_parameter_is_named(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.prices.create({"unit_amount": 100})  # type: ignore[typeddict-item]
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "currency")


def test_a_parameter_that_is_not_simulated_is_said_aloud(world: World) -> None:
    with pytest.raises(stripe.APIError) as refused:
        world.client.v1.customers.create({"cash_balance": {}, "source": "tok_visa"})
    assert refused.value.http_status == 501
    assert refused.value.json_body["error"]["code"] == "not_simulated"  # type: ignore[index]


def test_a_real_route_that_is_not_simulated_is_said_aloud(world: World) -> None:
    with pytest.raises(stripe.APIError) as refused:
        world.client.v1.payouts.list()
    assert refused.value.http_status == 501
    assert "GET /v1/payouts is part of Stripe's API" in str(refused.value)


def test_a_route_that_does_not_exist_is_unknown(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.raw_request("get", "/v1/teapots")
    assert refused.value.http_status == 404
    assert "Unrecognized request URL (GET: /v1/teapots)" in str(refused.value)


def test_an_object_that_does_not_exist_is_missing(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.customers.retrieve("cus_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert "No such customer: 'cus_nobody'" in str(refused.value)


def test_a_malformed_body_is_refused_and_not_a_fault(world: World) -> None:
    answer = web.post(
        f"{world.url}/v1/customers",
        content=b"[[[=\xff&a[b]=1&a=2",
        headers={"Authorization": "Bearer sk_test_x"},
    )
    assert answer.status_code == 400


def test_the_same_idempotency_key_makes_one_customer(world: World) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "workspace-1"}
    first = world.client.v1.customers.create({"name": "Ada"}, options)
    again = world.client.v1.customers.create({"name": "Ada"}, options)
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"


def test_an_idempotency_key_is_bound_to_its_parameters(world: World) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "workspace-2"}
    world.client.v1.customers.create({"name": "Ada"}, options)
    with pytest.raises(stripe.IdempotencyError):
        world.client.v1.customers.create({"name": "Grace"}, options)


def test_a_refusal_is_repeated_too(world: World) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "workspace-3"}
    body = {"customer": "cus_nobody", "items": [{"price": world.price().id}]}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.subscriptions.create(body, options)  # type: ignore[arg-type]
    assert refused.value.headers["idempotent-replayed"] == "true"


def test_lists_are_walked_page_by_page_newest_first(world: World) -> None:
    made = [world.client.v1.products.create({"name": f"P{number}"}).id for number in range(5)]
    pages = world.client.v1.products.list({"limit": 2})
    assert [product.id for product in pages.data] == made[:-3:-1]
    assert pages.has_more
    walked = [product.id for product in pages.auto_paging_iter()]
    assert walked[:5] == made[::-1]
    earlier = world.client.v1.products.list({"ending_before": made[2], "limit": 1})
    assert [product.id for product in earlier.data] == [made[3]]


def test_expansion_reaches_into_lists_and_stops_at_what_is_not_an_object(world: World) -> None:
    made = world.price()
    found = world.client.v1.prices.list({"product": str(made.product), "expand": ["data.product"]})
    assert isinstance(found.data[0].product, stripe.Product)
    for path in ("currency", "unit_amount", "owner"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            world.client.v1.prices.retrieve(made.id, {"expand": [path]})


def test_metadata_is_merged_and_emptied_key_by_key(world: World) -> None:
    made = world.customer(card=None, metadata={"workspace": "acme", "note": "x"})
    changed = world.client.v1.customers.update(made.id, {"metadata": {"note": "", "plan": "pro"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"workspace": "acme", "plan": "pro"}
    emptied = world.client.v1.customers.update(made.id, {"metadata": ""})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {}


def test_a_deleted_customer_stays_as_a_stub(world: World) -> None:
    subscription = world.subscription()
    customer = str(subscription.customer)
    assert world.client.v1.customers.delete(customer).deleted
    assert world.client.v1.customers.retrieve(customer).deleted
    assert world.client.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_a_customer_is_created_with_its_card(world: World) -> None:
    made = world.client.v1.customers.create(
        {
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
    saved = world.client.v1.customers.payment_methods.list(made.id).data
    assert made.invoice_settings
    assert [method.id for method in saved] == [made.invoice_settings.default_payment_method]
