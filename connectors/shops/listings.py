"""What channels that keep listings share: the product's words for a field become the channel's own."""

from collections.abc import Mapping

from connectors.operations import FixListing


def named_by(names: Mapping[str, str], operation: FixListing) -> list[tuple[str, str]]:
    """(the channel's field, text) for each field; one that is the channel's own word already stays."""
    return [(names.get(field, field), text) for field, text in operation.fields]
