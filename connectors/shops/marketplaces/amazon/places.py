"""Amazon's marketplaces: their ids, the regional host of their API, and the Seller Central of their sellers.

Facts: Amazon's pages on marketplace ids, on SP-API endpoints and on Seller Central URLs.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

LOGIN = "https://api.amazon.com"  # Login with Amazon, one for all regions


@dataclass(frozen=True, slots=True)
class Place:
    country: str
    marketplace_id: str
    region: str  # na, eu or fe: one grant covers one region
    currency: str
    seller_central: str

    @property
    def api(self) -> str:
        return f"https://sellingpartnerapi-{self.region}.amazon.com"

    @property
    def home(self) -> str:
        return f"https://{self.seller_central}"


_EUROPE = "sellercentral-europe.amazon.com"
PLACES = {
    place.country: place
    for place in (
        Place("US", "ATVPDKIKX0DER", "na", "USD", "sellercentral.amazon.com"),
        Place("CA", "A2EUQ1WTGCTBG2", "na", "CAD", "sellercentral.amazon.ca"),
        Place("MX", "A1AM78C64UM0Y8", "na", "MXN", "sellercentral.amazon.com.mx"),
        Place("BR", "A2Q3Y263D00KWC", "na", "BRL", "sellercentral.amazon.com.br"),
        Place("GB", "A1F83G8C2ARO7P", "eu", "GBP", _EUROPE),
        Place("DE", "A1PA6795UKMFR9", "eu", "EUR", _EUROPE),
        Place("FR", "A13V1IB3VIYZZH", "eu", "EUR", _EUROPE),
        Place("IT", "APJ6JRA9NG5V4", "eu", "EUR", _EUROPE),
        Place("ES", "A1RKKUPIHCS9HS", "eu", "EUR", _EUROPE),
        Place("NL", "A1805IZSGTT6HS", "eu", "EUR", "sellercentral.amazon.nl"),
        Place("BE", "AMEN7PMS3EDWL", "eu", "EUR", "sellercentral.amazon.com.be"),
        Place("IE", "A28R8C7NBKEWEA", "eu", "EUR", "sellercentral.amazon.ie"),
        Place("SE", "A2NODRKZP88ZB9", "eu", "SEK", "sellercentral.amazon.se"),
        Place("PL", "A1C3SOZRARQ6R3", "eu", "PLN", "sellercentral.amazon.pl"),
        Place("TR", "A33AVAJ2PDY3EV", "eu", "TRY", "sellercentral.amazon.com.tr"),
        Place("AE", "A2VIGQ35RCS4UG", "eu", "AED", "sellercentral.amazon.ae"),
        Place("SA", "A17E79C6D8DWNP", "eu", "SAR", "sellercentral.amazon.sa"),
        Place("EG", "ARBP9OOSHTCHU", "eu", "EGP", "sellercentral.amazon.eg"),
        Place("ZA", "AE08WJ6YKNBMC", "eu", "ZAR", "sellercentral.amazon.co.za"),
        Place("IN", "A21TJRUUN4KGV", "eu", "INR", "sellercentral.amazon.in"),
        Place("SG", "A19VAU5U5O7RUS", "fe", "SGD", "sellercentral.amazon.sg"),
        Place("AU", "A39IBJ37TRP1C6", "fe", "AUD", "sellercentral.amazon.com.au"),
        Place("JP", "A1VC38T7YXB528", "fe", "JPY", "sellercentral.amazon.co.jp"),
    )
}
BY_MARKETPLACE = {place.marketplace_id: place for place in PLACES.values()}


def token_url(base_url: str) -> str:
    """Where tokens are traded: Login with Amazon for Amazon's own hosts, else the host that stands in for both."""
    host = urlsplit(base_url).hostname or ""
    root = LOGIN if not host or host.endswith(".amazon.com") else base_url.rstrip("/")
    return f"{root}/auth/o2/token"
