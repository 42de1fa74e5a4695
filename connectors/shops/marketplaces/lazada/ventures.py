"""Lazada's six ventures: API host, Seller Center, currency and time zone of each, by ISO 3166-1 country."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

CONSENT_HOST = "https://auth.lazada.com"
AUTH_HOST = "https://auth.lazada.com/rest"


@dataclass(frozen=True, slots=True)
class Venture:
    country: str
    host: str
    seller_center: str
    currency: str
    utc_hours: int

    @property
    def zone(self) -> timezone:
        """No venture has summer time."""
        return timezone(timedelta(hours=self.utc_hours))

    def local_day(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d}"


def _venture(country: str, domain: str, currency: str, utc_hours: int) -> Venture:
    return Venture(
        country, f"https://api.{domain}/rest", f"https://sellercenter.{domain}", currency=currency, utc_hours=utc_hours
    )


VENTURES = {
    venture.country: venture
    for venture in (
        _venture("SG", "lazada.sg", "SGD", 8),
        _venture("MY", "lazada.com.my", "MYR", 8),
        _venture("TH", "lazada.co.th", "THB", 7),
        _venture("VN", "lazada.vn", "VND", 7),
        _venture("PH", "lazada.com.ph", "PHP", 8),
        _venture("ID", "lazada.co.id", "IDR", 7),
    )
}
FIRST = VENTURES["SG"]


def venture_of(country: str) -> Venture:
    return VENTURES.get(country.upper(), FIRST)


def auth_host(base_url: str) -> str:
    """Where an account's tokens are renewed: Lazada's own auth host, or the API host of a test market."""
    host = urlsplit(base_url).netloc
    is_real = any(urlsplit(venture.host).netloc == host for venture in VENTURES.values())
    return AUTH_HOST if is_real or not host else base_url.rstrip("/")
