"""Payments, payouts and their lines, exchange rates."""

from django.db import models
from django.db.models import Case, Value, When
from django.db.models.functions import Cast, Concat

from connectors.models.base import RecordModel, choices, money_field, natural_key
from connectors.types import PaymentKind, PaymentStatus


class Payment(RecordModel):
    kind = models.CharField(max_length=10, choices=choices(PaymentKind))
    status = models.CharField(max_length=10, choices=choices(PaymentStatus))
    order_ref = models.TextField(blank=True)
    order_number = models.TextField(blank=True)
    parent_ref = models.TextField(blank=True)
    amount = money_field()
    currency = models.CharField(max_length=3)
    refunded = money_field(null=True, blank=True)
    created_at = models.DateTimeField()
    customer_ref = models.TextField(blank=True)
    method_fingerprint = models.TextField(blank=True)
    gateway = models.CharField(max_length=60, blank=True)
    is_disputed = models.BooleanField(default=False)
    action_key = models.TextField(blank=True)
    paid_for = models.GeneratedField(
        expression=Case(
            When(order_number__gt="", then="order_number"),
            When(order_ref__gt="", then="order_ref"),
            When(
                method_fingerprint__gt="",
                then=Concat(
                    Value("card "),
                    "method_fingerprint",
                    Value(" "),
                    Cast("amount", models.TextField()),
                    output_field=models.TextField(),
                ),
            ),
            default=Value(""),
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
        help_text="What the buyer paid for: an order, else this amount on this card. Two charges of one are suspect.",
    )

    class Meta:
        constraints = [natural_key("payment")]
        indexes = [
            models.Index(fields=["shop", "order_ref"], name="payment_order"),
            models.Index(fields=["order_number"], name="payment_order_number"),
            models.Index(fields=["created_at"], name="payment_charged", condition=models.Q(kind=PaymentKind.CHARGE)),
            models.Index(fields=["shop", "parent_ref"], name="payment_parent"),
            models.Index(
                fields=["shop", "paid_for"],
                name="payment_standing_charge",
                condition=models.Q(kind=PaymentKind.CHARGE, status=PaymentStatus.SUCCEEDED) & ~models.Q(paid_for=""),
            ),
        ]


class Payout(RecordModel):
    status = models.CharField(max_length=30)
    amount = money_field()
    currency = models.CharField(max_length=3)
    expected_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("payout")]


class SettlementLine(RecordModel):
    payout_ref = models.TextField(blank=True)
    order_ref = models.TextField(blank=True)
    kind = models.CharField(max_length=40)
    amount = money_field()
    fee = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3)
    posted_at = models.DateTimeField()
    fx_rate = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)

    class Meta:
        constraints = [natural_key("settlement_line")]
        indexes = [models.Index(fields=["shop", "order_ref"], name="settlement_line_order")]


class FxRate(models.Model):
    """Units of the base currency for one unit of `currency`, on one day."""

    currency = models.CharField(max_length=3)
    base = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.TextField()

    class Meta:
        verbose_name = "exchange rate"
        constraints = [
            models.UniqueConstraint(fields=["currency", "base", "day"], name="fx_rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="fx_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate} {self.base} on {self.day}"
