"""Where platforms push to. No session, no CSRF token: the signature over the raw body is the whole credential."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connectors.models import Shop
from connectors.webhooks import Verdict, handshake, is_demand, is_record, known, receive

LARGEST = 1024 * 1024  # platforms push at most some 100 kB

ANSWERS = {
    Verdict.STORED: (200, "stored"),
    Verdict.REPEATED: (200, "stored before"),
    Verdict.FORGED: (401, "The signature does not hold. Nothing was stored. Check the shop's webhook secret."),
    Verdict.UNREADABLE: (404, "This shop takes no pushes."),
}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, shop_id: int) -> HttpResponse:
    """Answered after the event is stored, so that what was answered is never lost."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return plain(413, f"The body is larger than {LARGEST} bytes. Nothing was stored.")
    shop = known.shop(shop_id)
    if shop is None:
        return plain(404, "There is no such shop here.")
    if request.method == "GET":
        return first_try(shop, request)
    headers = {name.lower(): value for name, value in request.headers.items() if value.isascii()}
    if shop.state == Shop.State.PAUSED and not (is_record(shop) or is_demand(shop, request.body, headers)):
        return plain(200, "This shop is paused.")
    # Some platforms sign the address too, and a proxy may have changed what we see of it.
    urls = dict.fromkeys([request.build_absolute_uri(), settings.PUBLIC_URL + request.get_full_path()])
    return plain(*ANSWERS[receive(shop, request.body, headers, urls, timezone.now())])


def first_try(shop: Shop, request: HttpRequest) -> HttpResponse:
    """A channel asks whether this address is ours before it pushes to it."""
    said = handshake(shop, request.GET.dict())
    if said is not None:
        return plain(200, said)
    if request.GET:
        return plain(403, "The verify token does not hold. Enter the one that this shop was connected with.")
    return HttpResponseNotAllowed(["POST"])


def plain(status: int, text: str) -> HttpResponse:
    length = {"Content-Length": str(len(text.encode()))}  # keeps the sender's connection open
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=length)
