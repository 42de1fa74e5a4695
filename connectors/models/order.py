"""Customers, orders, their lines, and the parcels they leave in."""

from django.db import models

from connectors.models.base import RecordModel, choices, money_field, natural_key
from connectors.types import OrderStatus, ShipmentStatus

OPEN = (OrderStatus.ON_HOLD, OrderStatus.TO_SHIP, OrderStatus.PACKED, OrderStatus.CANCEL_ASKED)


class Customer(RecordModel):
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    orders_count = models.PositiveIntegerField(null=True, blank=True)
    lifetime_value = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    is_vip = models.BooleanField(default=False)

    class Meta:
        constraints = [natural_key("customer")]
        indexes = [models.Index(fields=["email"], name="customer_email", condition=~models.Q(email=""))]


class Order(RecordModel):
    number = models.TextField()
    status = models.CharField(max_length=20, choices=choices(OrderStatus))
    platform_status = models.CharField(max_length=60, blank=True)
    ordered_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    ship_by = models.DateTimeField(null=True, blank=True)
    deliver_by = models.DateTimeField(null=True, blank=True)
    cancel_after = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    total = money_field(null=True, blank=True)
    refunded = money_field(null=True, blank=True)
    customer_ref = models.TextField(blank=True)
    customer_name = models.TextField(blank=True)
    customer_email = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.TextField(blank=True)
    shipping_method = models.TextField(blank=True)
    payment_method = models.CharField(max_length=60, blank=True)
    risk = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [natural_key("order")]
        indexes = [
            models.Index(fields=["ship_by"], name="order_open_ship_by", condition=models.Q(status__in=OPEN)),
            models.Index(
                fields=["deliver_by"],
                name="order_promised",
                condition=models.Q(deliver_by__isnull=False, status__in=[*OPEN, OrderStatus.SHIPPED]),
            ),
            models.Index(fields=["number"], name="order_number"),
        ]


class OrderLine(models.Model):
    """A line lives and dies with its order: it has no digest of its own."""

    shop = models.ForeignKey("connectors.Shop", on_delete=models.PROTECT, related_name="+", db_index=False)
    order_ref = models.TextField()
    external_id = models.TextField()
    sku = models.TextField()
    title = models.TextField(blank=True)
    quantity = models.PositiveIntegerField()
    unit_price = money_field()
    cancelled_quantity = models.PositiveIntegerField(default=0)
    returned_quantity = models.PositiveIntegerField(default=0)
    listing_ref = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "order_ref", "external_id"], name="order_line_natural_key")
        ]
        indexes = [models.Index(fields=["sku"], name="order_line_sku")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"


class Shipment(RecordModel):
    order_ref = models.TextField()
    status = models.CharField(max_length=20, choices=choices(ShipmentStatus))
    carrier = models.CharField(max_length=80, blank=True)
    tracking_number = models.TextField(blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    last_scan_at = models.DateTimeField(null=True, blank=True)
    promised_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("shipment")]
        indexes = [
            models.Index(fields=["shop", "order_ref"], name="shipment_order"),
            models.Index(
                fields=["last_scan_at"],
                name="shipment_moving",
                condition=models.Q(status__in=[ShipmentStatus.IN_TRANSIT, ShipmentStatus.OUT_FOR_DELIVERY]),
            ),
        ]
