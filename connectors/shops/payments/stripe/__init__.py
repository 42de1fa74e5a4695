"""Stripe: forms and JSON, idempotency keys, signed webhooks."""

from connectors.shops.payments.stripe.connector import Stripe

__all__ = ["Stripe"]
