"""A load of signed pushes over kept-alive connections, from a process of its own; prints one JSON line of figures.

Requests are made before the clock starts, so that the generator costs the cores as little as it can.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time

BODY = json.dumps({"id": 820982911946154508, "email": "jon@example.com", "total_price": "403.00", "note": "x" * 900})


def request(path: str, secret: str, number: int) -> bytes:
    """One Shopify push, unique by its id."""
    body = BODY.encode()
    sign = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Shopify-Topic: orders/updated\r\nX-Shopify-Hmac-Sha256: {sign}\r\n"
        f"X-Shopify-Webhook-Id: load-{number}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """`rate` 0 sends as fast as the answers come."""

    def __init__(self, port: int, requests: list[bytes], clients: int, rate: float) -> None:
        self.port, self.requests, self.clients, self.rate = port, requests, clients, rate
        self.next, self.began = 0, 0.0
        self.milliseconds: list[float] = []
        self.refused = 0

    async def run(self) -> dict[str, float]:
        self.began = time.perf_counter()
        await asyncio.gather(*(self.client() for _ in range(self.clients)))
        spent = time.perf_counter() - self.began
        ordered = sorted(self.milliseconds)
        return {
            "sent": len(ordered),
            "refused": self.refused,
            "per_second": len(ordered) / spent,
            "p50": ordered[len(ordered) // 2],
            "p99": ordered[int(len(ordered) * 0.99)],
        }

    async def client(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.next < len(self.requests):
            number, self.next = self.next, self.next + 1
            if self.rate:
                due = self.began + number / self.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            started = time.perf_counter()
            writer.write(self.requests[number])
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            self.milliseconds.append((time.perf_counter() - started) * 1000)
            self.refused += not head.startswith(b"HTTP/1.1 200")
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()


def main() -> None:
    port, path, secret, first, count, clients, rate = sys.argv[1:]
    requests = [request(path, secret, number) for number in range(int(first), int(first) + int(count))]
    print(json.dumps(asyncio.run(Load(int(port), requests, int(clients), float(rate)).run())))


if __name__ == "__main__":
    main()
