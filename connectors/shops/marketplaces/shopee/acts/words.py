"""The public answer under a review, one for each."""

from typing import Any

from connectors.base import Permit, Refused, Unknown
from connectors.operations import ReplyReview
from connectors.shops.marketplaces.shopee.acts.orders import receipt_of
from connectors.shops.marketplaces.shopee.client import Client, rows
from connectors.shops.marketplaces.shopee.parse import answer_of
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

LONGEST = 500  # characters of an answer
GONE = frozenset({"product.cmt_not_exist", "error_not_found"})
COMMENTS = "/api/v2/product/get_comment"


def reply_review(client: Client, operation: ReplyReview, permit: Permit) -> Receipt:
    if not operation.review_ref.isdigit() or not 0 < len(operation.text.strip()) <= LONGEST:
        raise Refused(f"an answer has 1 to {LONGEST} characters and names a review by its number", code="comment")
    given = {"comment_id": int(operation.review_ref), "comment": operation.text}
    answer = client.write("/api/v2/product/reply_comment", {"comment_list": [given]}, permit)
    said: Any = answer.json()
    response = said.get("response") if isinstance(said, dict) else None
    results = (response.get("result_list") if isinstance(response, dict) else None) or []
    failed = [row for row in results if row.get("fail_error")]
    if failed:
        code = str(failed[0]["fail_error"])
        raise Refused(f"{code}: {failed[0].get('fail_message') or ''}", code=code)
    if not results:
        raise Unknown("Shopee's answer names no review", code="drift")
    return receipt_of(client, answer, operation.review_ref)


def see_reply(client: Client, operation: ReplyReview) -> Sighting:
    found = _review(client, operation.review_ref)
    if found is None:
        return Sighting(Sight.UNCLEAR, operation.review_ref, "Shopee shows no such review")
    told = str(answer_of(found).get("reply") or "")
    if told.strip() == operation.text.strip():
        return Sighting(Sight.SEEN, operation.review_ref, "the answer stands under the review")
    sight = Sight.UNCLEAR if told else Sight.ABSENT
    return Sighting(sight, operation.review_ref, "another answer stands there" if told else "the review has no answer")


def _review(client: Client, ref: str) -> Row | None:
    try:
        found = rows(client.get(COMMENTS, {"comment_id": ref, "cursor": "", "page_size": 1}), "item_comment_list")
    except Refused as error:
        if error.code in GONE:
            return None
        raise
    return next((row for row in found if str(row.get("comment_id")) == ref), None)
