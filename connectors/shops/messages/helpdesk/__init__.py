"""A helpdesk or CRM of the company's own choice, told by a signed webhook."""

from connectors.shops.messages.helpdesk.connector import Helpdesk

__all__ = ["Helpdesk"]
