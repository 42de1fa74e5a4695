"""Buyers: derived from their number by arithmetic, so that half a million of them take no memory."""

from dataclasses import dataclass
from functools import lru_cache

FIRST = [
    "Wei",
    "Mei",
    "Arjun",
    "Priya",
    "Nurul",
    "Ahmad",
    "Siti",
    "Somchai",
    "Anong",
    "Linh",
    "Minh",
    "Putri",
    "Budi",
    "Maria",
    "Jose",
    "Emily",
    "James",
    "Olivia",
    "Noah",
    "Sophie",
    "Lucas",
    "Hana",
    "Kenji",
    "Yuki",
    "Fatima",
    "Omar",
    "Chloe",
    "Liam",
    "Aisha",
    "Ravi",
    "Grace",
    "Daniel",
    "Ling",
    "Xin",
    "Jia",
    "Hao",
    "Amelia",
    "Ethan",
    "Zara",
    "Ivan",
]
LAST = [
    "Tan",
    "Lim",
    "Lee",
    "Ng",
    "Wong",
    "Chua",
    "Kumar",
    "Nair",
    "Rahman",
    "Ismail",
    "Nguyen",
    "Tran",
    "Santoso",
    "Wijaya",
    "Santos",
    "Reyes",
    "Smith",
    "Johnson",
    "Brown",
    "Garcia",
    "Martin",
    "Dubois",
    "Sato",
    "Suzuki",
    "Kim",
    "Park",
    "Khan",
    "Hassan",
    "Miller",
    "Davis",
    "Wilson",
    "Moore",
    "Taylor",
    "Anders",
    "Novak",
    "Silva",
    "Costa",
    "Rossi",
    "Muller",
    "Olsen",
]
STREETS = [
    "Orchard",
    "Serangoon",
    "Bedok",
    "Clementi",
    "Maple",
    "Oak",
    "Cedar",
    "Lakeview",
    "Hillcrest",
    "Sunset",
    "Mission",
    "Harbour",
]
CITIES = {
    "SG": (("Singapore", "", "5{:05d}"),),
    "US": (("Austin", "TX", "78{:03d}"), ("Portland", "OR", "97{:03d}"), ("Denver", "CO", "80{:03d}"),
           ("Chicago", "IL", "60{:03d}"), ("Atlanta", "GA", "30{:03d}"), ("Seattle", "WA", "98{:03d}")),
    "MY": (("Kuala Lumpur", "Kuala Lumpur", "50{:03d}"), ("George Town", "Penang", "10{:03d}"),
           ("Johor Bahru", "Johor", "80{:03d}")),
    "PH": (("Makati", "Metro Manila", "1{:03d}"), ("Cebu City", "Cebu", "6{:03d}"), ("Davao", "Davao", "8{:03d}")),
}  # fmt: skip
PHONES = {"SG": "+65 8", "US": "+1 555 01", "MY": "+60 11", "PH": "+63 917"}
DOMAIN = "buyers.example"
VIP_SPENT_MINOR = 200_000


@dataclass(frozen=True, slots=True)
class Person:
    """One buyer as a channel shows them. Amounts in US cents."""

    index: int
    first: str
    last: str
    email: str
    phone: str
    country: str
    city: str
    state: str
    postcode: str
    street: str
    orders_count: int
    spent_minor: int
    street2: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def is_vip(self) -> bool:
        return self.spent_minor >= VIP_SPENT_MINOR


def spread(number: int, salt: int, low: int, high: int) -> int:
    """An even-looking integer in [low, high] that depends on `number` and `salt` alone (SplitMix64's finaliser)."""
    z = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return low + ((z ^ (z >> 31)) >> 11) % (high - low + 1)


def _lifetime(index: int) -> tuple[int, int]:
    """Orders and cents spent before: most buyers are new, a few spend thousands."""
    rank = spread(index, 7, 0, 9_999)
    if rank < 150:
        orders = spread(index, 8, 18, 60)
        return orders, VIP_SPENT_MINOR + orders * spread(index, 9, 4_000, 22_000)
    orders = 1 if rank < 6_000 else spread(index, 8, 2, 9)
    return orders, orders * spread(index, 9, 1_500, 6_000)


@lru_cache(maxsize=20_000)
def person(index: int, country: str) -> Person:
    """The buyer of this number; the same one every time."""
    first, last = FIRST[spread(index, 1, 0, len(FIRST) - 1)], LAST[spread(index, 2, 0, len(LAST) - 1)]
    places = CITIES[country]
    city, state, postcode = places[spread(index, 3, 0, len(places) - 1)]
    orders, spent = _lifetime(index)
    return Person(
        index=index, first=first, last=last, email=f"{first}.{last}.{index}@{DOMAIN}".lower(),
        phone=PHONES[country] + f"{spread(index, 4, 0, 9_999_999):07d}",
        country=country, city=city, state=state, postcode=postcode.format(spread(index, 5, 0, 999)),
        street=f"{spread(index, 6, 1, 480)} {STREETS[spread(index, 10, 0, len(STREETS) - 1)]} Road",
        orders_count=orders, spent_minor=spent,
    )  # fmt: skip


def index_of(email: str) -> int | None:
    """The buyer's number out of an address of ours; None for anybody else."""
    local, _, domain = email.strip().lower().partition("@")
    number = local.rpartition(".")[2]
    return int(number) if domain == DOMAIN and number.isdigit() else None
