import pytest

from connectors.llm.masking import has_placeholder, mask, passes_luhn


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to mei.tan+shop@mail.example.sg please", "write to [mail] please"),
        ("call +65 8123 4567 or 0812-3456-7890", "call [phone] or [phone]"),
        ("card 4242 4242 4242 4242", "card [card]"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [account]."),
        ("I live at 12 Orchard Road, thanks", "I live at [address], thanks"),
        ("Blk 123 Ang Mo Kio Ave 4 #05-67", "[address]"),
        ("alamat: Jl. Sudirman No. 45 ya", "alamat: [address] ya"),
        ("请寄到：上海市南京东路123号", "请寄到：[address]"),
        ("paid $1,234.50 on 2026-11-21 for 3 items", "paid $1,234.50 on 2026-11-21 for 3 items"),
        ("nothing personal here", "nothing personal here"),
    ],
)
def test_personal_data_gives_way_to_a_placeholder(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_numbers_that_the_caller_knows_stay() -> None:
    assert mask("order 240601-ABC, parcel 9400 1000 0000", keep=["940010000000"]) == (
        "order 240601-ABC, parcel 9400 1000 0000"
    )


def test_a_placeholder_is_seen_in_a_text_that_would_leave() -> None:
    assert has_placeholder("we write to [mail]")
    assert not has_placeholder("we write to [you]")


def test_the_check_digit_of_a_card_is_computed() -> None:
    assert passes_luhn("4242424242424242")
    assert not passes_luhn("4242424242424241")
