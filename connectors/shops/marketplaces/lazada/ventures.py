"""Lazada's six ventures: API host, Seller Center, currency and time zone of each, by ISO 3166-1 country."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

CONSENT_HOST = "https://auth.lazada.com"
AUTH_HOST = "https://auth.lazada.com/rest"


@dataclass(frozen=True, slots=True)
class Venture:
    country: str
    host: str
    seller_center: str
    currency: str
    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def local_day(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Home:
    """What no row of an account says: the currency of its amounts, and the zone of its days."""

    currency: str
    zone: ZoneInfo


def _venture(country: str, domain: str, currency: str, time_zone: str) -> Venture:
    return Venture(country, f"https://api.{domain}/rest", f"https://sellercenter.{domain}", currency, time_zone)


VENTURES = {
    venture.country: venture
    for venture in (
        _venture("SG", "lazada.sg", "SGD", "Asia/Singapore"),
        _venture("MY", "lazada.com.my", "MYR", "Asia/Kuala_Lumpur"),
        _venture("TH", "lazada.co.th", "THB", "Asia/Bangkok"),
        _venture("VN", "lazada.vn", "VND", "Asia/Ho_Chi_Minh"),
        _venture("PH", "lazada.com.ph", "PHP", "Asia/Manila"),
        _venture("ID", "lazada.co.id", "IDR", "Asia/Jakarta"),
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
