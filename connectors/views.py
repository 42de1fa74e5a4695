"""Where platforms push to. No session, no CSRF token: the signature over the raw body is the whole credential."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connectors.models import Shop
from connectors.webhooks import Verdict, known, receive

LARGEST = 1024 * 1024  # platforms push at most some 100 kB

ANSWERS = {
    Verdict.STORED: (200, "stored"),
    Verdict.REPEATED: (200, "stored before"),
    Verdict.FORGED: (401, "The signature does not hold. Nothing was stored. Check the shop's webhook secret."),
    Verdict.UNREADABLE: (404, "This shop takes no pushes."),
}


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, shop_id: int) -> HttpResponse:
    """Answered after the event is stored, so that what was answered is never lost."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return plain(413, f"The body is larger than {LARGEST} bytes. Nothing was stored.")
    shop = known.shop(shop_id)
    if shop is None:
        raise Http404
    if shop.state == Shop.State.PAUSED:
        return plain(200, "This shop is paused.")
    headers = {name.lower(): value for name, value in request.headers.items() if value.isascii()}
    # Some platforms sign the address too, and a proxy may have changed what we see of it.
    urls = dict.fromkeys([request.build_absolute_uri(), settings.PUBLIC_URL + request.get_full_path()])
    return plain(*ANSWERS[receive(shop, request.body, headers, urls, timezone.now())])


def plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
