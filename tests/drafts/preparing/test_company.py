import pytest

from drafts.preparing.company import signature


@pytest.mark.parametrize(
    ("name", "country", "signed"),
    [
        ("Lumen & Loft SG (Shopee)", "SG", "Lumen & Loft"),
        ("Lumen & Loft (Shopify)", "US", "Lumen & Loft"),
        ("Lumen & Loft support mail", "", "Lumen & Loft"),
        ("Shopify – Mug House", "US", "Mug House"),
        ("Mug House (since 1990)", "", "Mug House (since 1990)"),
        ("Mug House Singapore", "SG", "Mug House Singapore"),
        ("SG Mugs", "SG", "SG Mugs"),
        ("Stripe", "US", "Stripe"),
        ("", "", ""),
    ],
)
def test_a_shops_name_is_signed_without_its_channel(name: str, country: str, signed: str) -> None:
    assert signature("", name, country) == signed


def test_the_name_that_somebody_entered_stands_above_every_shops() -> None:
    assert signature(" Lumen & Loft Pte Ltd ", "Lumen & Loft SG (Shopee)", "SG") == "Lumen & Loft Pte Ltd"
