"""WhatsApp Business Cloud: messages by webhook alone, free text for a day, approved templates after it."""

from connectors.shops.messages.whatsapp.connector import WhatsApp

__all__ = ["WhatsApp"]
