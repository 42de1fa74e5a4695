"""A person at a consent page without a browser: opens the address, reads the form, and answers it."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

HIDDEN = re.compile(r'name="visit" value="([^"]+)"')
SCOPE = re.compile(r'name="scope" value="([^"]+)"')


def scopes_shown(page: str) -> tuple[str, ...]:
    return tuple(SCOPE.findall(page))


def answer(url: str, *, allows: bool = True, without: tuple[str, ...] = ()) -> dict[str, str]:
    """The query with which the platform sends the person back. `without`: scopes that are unticked."""
    with httpx.Client(timeout=10) as http:
        shown = http.get(url)
        assert shown.status_code == 200, shown.text
        visit = HIDDEN.search(shown.text)
        assert visit is not None, shown.text
        form = [("visit", visit[1]), ("answer", "allow" if allows else "deny")]
        form += [("scope", scope) for scope in scopes_shown(shown.text) if scope not in without]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        sent = http.post(url, content=urlencode(form), headers=headers)
        assert sent.status_code == 302, sent.text
        return dict(parse_qsl(urlsplit(sent.headers["location"]).query, keep_blank_values=True))
