"""Goods: what they are, where they are listed, how many there are, who supplies them, and what they cost to lose."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from connectors.models.base import RecordModel, money_field, natural_key


class Product(RecordModel):
    sku = models.TextField()
    title = models.TextField()
    unit_cost = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    description = models.TextField(blank=True)

    class Meta:
        constraints = [natural_key("product")]
        indexes = [models.Index(fields=["sku"], name="product_sku")]


class Listing(RecordModel):
    sku = models.TextField()
    title = models.TextField(blank=True)
    price = money_field()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, default="live")
    issue = models.TextField(blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("listing")]
        indexes = [models.Index(fields=["sku"], name="listing_sku")]


class StockLevel(RecordModel):
    sku = models.TextField()
    location = models.TextField(blank=True)
    listing_ref = models.TextField(blank=True)
    on_hand = models.IntegerField()
    reserved = models.IntegerField(default=0)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("stock_level")]
        indexes = [models.Index(fields=["sku"], name="stock_level_sku")]


class Supplier(RecordModel):
    name = models.TextField()
    email = models.TextField(blank=True)
    lead_time_days = models.PositiveIntegerField(null=True, blank=True)
    minimum_quantity = models.PositiveIntegerField(null=True, blank=True)
    case_size = models.PositiveIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    skus = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        constraints = [natural_key("supplier")]


class PurchaseOrder(RecordModel):
    number = models.TextField()
    supplier_ref = models.TextField()
    status = models.CharField(max_length=20)
    sku = models.TextField()
    quantity = models.PositiveIntegerField()
    received_quantity = models.PositiveIntegerField(default=0)
    unit_cost = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    ordered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("purchase_order")]
        indexes = [models.Index(fields=["sku"], name="purchase_order_sku")]


class SupplierOffer(RecordModel):
    supplier_ref = models.TextField(blank=True)
    sku = models.TextField()
    unit_cost = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    available = models.PositiveIntegerField(null=True, blank=True)
    lead_time_days = models.PositiveIntegerField(null=True, blank=True)
    minimum_quantity = models.PositiveIntegerField(null=True, blank=True)
    case_size = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("supplier_offer")]
        indexes = [models.Index(fields=["sku"], name="supplier_offer_sku")]


class SupplierPromise(RecordModel):
    supplier_ref = models.TextField(blank=True)
    order_number = models.TextField()
    sku = models.TextField()
    quantity = models.PositiveIntegerField(null=True, blank=True)
    unit_cost = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("supplier_promise")]
        indexes = [models.Index(fields=["order_number", "sku"], name="supplier_promise_line")]


class DollarInput(models.Model):
    """A figure that a dollar rests on, as a dated range. The narrowest row wins: shop and SKU, shop, SKU, all.

    Shares (margin, substitution, win rate) are 0..1; money is in `currency`; durations are in days.
    """

    class Name(models.TextChoices):
        MARGIN = "margin", "contribution margin (share of price)"
        LABOUR_RATE = "labour_rate", "labour cost of one hour"
        HANDLING_COST = "handling_cost", "cost of handling one ticket"
        LEAD_TIME = "lead_time", "supplier lead time (days)"
        SUBSTITUTION = "substitution", "share of buyers who take something else"
        WIN_RATE = "win_rate", "share of contested disputes won"
        COUNTER_FEE = "counter_fee", "fee for contesting a dispute"
        DISPUTE_FEE = "dispute_fee", "fee of a received dispute"
        RESHIP_COST = "reship_cost", "cost of sending one parcel again"
        RETURN_FREIGHT = "return_freight", "freight of one return"
        CHURN_VALUE = "churn_value", "value lost when a buyer leaves"

    name = models.CharField(max_length=20, choices=Name.choices)
    shop = models.ForeignKey("connectors.Shop", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    sku = models.TextField(blank=True)
    low = models.DecimalField(max_digits=16, decimal_places=4)
    likely = models.DecimalField(max_digits=16, decimal_places=4)
    high = models.DecimalField(max_digits=16, decimal_places=4)
    currency = models.CharField(max_length=3, blank=True)
    effective_from = models.DateField(default=timezone.localdate)
    source = models.TextField(
        help_text="Where the figure is from: a report, a statement, the owner's word, an assumption."
    )
    is_assumed = models.BooleanField(default=False, help_text="Nobody has confirmed it; cards that use it say so.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(low__lte=models.F("likely"), likely__lte=models.F("high")),
                name="dollar_input_ordered",
            ),
            models.UniqueConstraint(
                fields=["name", "shop", "sku", "effective_from"], name="dollar_input_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.likely}"
