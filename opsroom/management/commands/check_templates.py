import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import TemplateSyntaxError, engines
from django.urls import get_resolver

# The CSP refuses these in the browser; here they are refused before they get there. Data blocks are no scripts.
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:ld\+)?json[\"'])[^>]*>", re.IGNORECASE
)
INLINE_STYLE = re.compile(r"<style\b|\sstyle\s*=\s*[\"']", re.IGNORECASE)
INLINE_HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']|\bhx-on[:=-]|href\s*=\s*[\"']javascript:", re.IGNORECASE)
URL_NAME = re.compile(r"{%\s*url\s+[\"']([^\"']+)[\"']")
REFUSED = {"an inline script": INLINE_SCRIPT, "an inline style": INLINE_STYLE, "an inline handler": INLINE_HANDLER}


class Command(BaseCommand):
    help = "Compile every template; refuse inline scripts, styles and handlers, and links to unknown pages."

    def handle(self, **_: object) -> None:
        folder = Path(settings.BASE_DIR) / "templates"
        names = set(known_names())
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        problems = [
            f"{path.relative_to(folder)}: {problem}" for path in files for problem in problems_of(path, folder, names)
        ]
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{len(files)} templates are good")


def problems_of(path: Path, folder: Path, names: set[str]) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    try:
        engines["django"].get_template(str(path.relative_to(folder)))
    except TemplateSyntaxError as error:
        yield f"does not compile: {error}"
    # Mail readers know no stylesheets, so letters alone carry their styles with them.
    is_letter = "mail" in path.relative_to(folder).parts or "email" in path.relative_to(folder).parts
    for wording, pattern in REFUSED.items():
        if (found := pattern.search(text)) and not (is_letter and pattern is INLINE_STYLE):
            yield f"line {text.count(chr(10), 0, found.start()) + 1} holds {wording}, which the CSP forbids"
    yield from (f"links to {name!r}, which no urls.py names" for name in URL_NAME.findall(text) if name not in names)


def known_names() -> Iterator[str]:
    """Every name that `{% url %}` may use, with its namespaces."""
    pending = [("", get_resolver())]
    while pending:
        prefix, resolver = pending.pop()
        yield from (f"{prefix}{name}" for name in resolver.reverse_dict if isinstance(name, str))
        pending += [(f"{prefix}{space}:", inner) for space, (_, inner) in resolver.namespace_dict.items()]
