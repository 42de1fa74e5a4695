"""The one registry of what a program may call, for REST and MCP alike: reads, and `propose`.

Nothing here approves, edits, rejects, executes or changes a setting: a tool returns facts or adds a proposal, which
waits in the inbox for a person like any other draft.
"""

from drafts.tools.base import Arguments, Caller, Missing, Scope, Tool
from drafts.tools.cases import ALERT, ALERTS, DRAFT, DRAFTS
from drafts.tools.goods import ORDER, ORDERS, STOCK
from drafts.tools.proposing import KINDS_OF_DRAFT, PROPOSE
from drafts.tools.sources import CONVERSATION, KNOWLEDGE, SHOPS

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        SHOPS, ORDERS, ORDER, STOCK, CONVERSATION, KNOWLEDGE, ALERTS, ALERT, DRAFTS, DRAFT, KINDS_OF_DRAFT, PROPOSE,
    )
}  # fmt: skip

__all__ = ["TOOLS", "Arguments", "Caller", "Missing", "Scope", "Tool"]
