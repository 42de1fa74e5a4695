"""A mailbox: IMAP in, SMTP out, threads by Message-ID."""

from connectors.shops.messages.mailbox.connector import Mailbox

__all__ = ["Mailbox"]
