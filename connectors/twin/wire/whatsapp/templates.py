"""The company's message templates, as Meta reviewed them."""

from typing import Any

Json = dict[str, Any]


def _form(number: int, name: str, status: str, category: str, body: str, language: str = "en", *more: Json) -> Json:
    components = [{"type": "BODY", "text": body}, *more]
    return {
        "id": str(920_070_352_646_000 + number), "name": name, "language": language, "status": status,
        "category": category, "components": components,
    }  # fmt: skip


TEMPLATES: tuple[Json, ...] = (
    _form(1, "parcel_delayed", "APPROVED", "UTILITY",
          "Hi {{1}}, your order {{2}} is late: {{3}}. We are on it and write again tomorrow."),
    _form(2, "parcel_delayed", "APPROVED", "UTILITY",
          "Halo {{1}}, pesanan {{2}} terlambat: {{3}}. Kami kabari lagi besok.", "id"),
    _form(3, "refund_sent", "APPROVED", "UTILITY", "Hi {{name}}, {{amount}} for order {{order}} is on its way back."),
    _form(4, "order_page", "APPROVED", "UTILITY", "Hi {{1}}, see where your order is.", "en",
          {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "See order",
                                           "url": "https://lumenandloft.example/orders/{{1}}"}]}),
    _form(5, "back_in_stock", "PAUSED", "MARKETING", "Good news, {{1}}: {{2}} is back."),
    _form(6, "how_was_it", "REJECTED", "MARKETING", "{{1}}, rate us now!"),
)  # fmt: skip

# What the company says of them: trouble → the form, and what fills its places.
USES: Json = {
    "late_shipment": {"name": "parcel_delayed", "places": ["{name}", "{order}", "it waits for the courier"]},
    "parcel_stuck": {"name": "parcel_delayed", "places": ["{name}", "{order}", "the courier has lost time"]},
    "first_answer": {"name": "order_page", "places": ["{name}", "{order}"]},
}
