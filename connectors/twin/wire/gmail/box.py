"""The market's post as Gmail sees it: one box of letters with labels, threads, and a history that counts on.

The same mails lie in the folders that IMAP serves; the box takes over what has come there since it was last looked at.
"""

from dataclasses import dataclass, field

from connectors.twin.world.post import ADDRESS, Post, render
from connectors.twin.world.trade import Mail

FIRST_ID, ID_STEP = 0x19A0_0000_0000_0001, 7_919
FIRST_HISTORY = 480_000
HISTORY_LIFE = 7 * 86_400  # seconds after which a record may be gone


@dataclass(slots=True, eq=False)
class Letter:
    """One mail in the box. `arrived` is Gmail's internal date, in seconds."""

    index: int
    mail: Mail
    thread: "Letter | None"
    labels: list[str]
    arrived: int
    history: int = 0

    @property
    def id(self) -> str:
        return f"{FIRST_ID + self.index * ID_STEP:x}"

    @property
    def thread_id(self) -> str:
        return self.thread.id if self.thread else self.id

    @property
    def raw(self) -> bytes:
        return render(self.mail)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the history: `labels` are those added or removed (`kind` messageAdded, labelAdded …)."""

    id: int
    at: int
    kind: str
    letter: Letter
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Box:
    """Letters in the order of their arrival. `dropped` is the newest history id that Google has forgotten."""

    post: Post
    letters: list[Letter] = field(default_factory=list)
    by_id: dict[str, Letter] = field(default_factory=dict)
    by_message_id: dict[str, Letter] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    dropped: int = 0
    _taken: dict[str, int] = field(default_factory=dict)

    @property
    def history(self) -> int:
        return FIRST_HISTORY + len(self.events)

    def take_over(self, now: int) -> None:
        """What has come into the folders. At the first look everything is old: it is no event."""
        is_first = not self._taken
        fresh = [
            (mail, folder is self.post.sent)
            for folder in self.post.folders
            for mail in folder.mails[self._taken.get(folder.name, 0) :]
        ]
        self._taken = {folder.name: len(folder.mails) for folder in self.post.folders}
        for mail, is_sent in sorted(fresh, key=lambda row: row[0].date):
            if mail.message_id not in self.by_message_id or not is_sent:
                self.add(mail, now if not is_first else mail.date, is_sent=is_sent)

    def add(self, mail: Mail, at: int, *, is_sent: bool, thread: Letter | None = None) -> Letter:
        parent = thread or self.by_message_id.get(mail.in_reply_to)
        root = parent.thread or parent if parent else None
        labels = ["SENT"] if is_sent else ["INBOX", "UNREAD"]
        if is_sent and ADDRESS in mail.to:
            labels.append("INBOX")
        letter = Letter(len(self.letters), mail, root, labels, at)
        self.letters.append(letter)
        self.by_id[letter.id] = letter
        self.by_message_id.setdefault(mail.message_id, letter)
        self.note("messageAdded", letter, at)
        return letter

    def note(self, kind: str, letter: Letter, at: int, labels: tuple[str, ...] = ()) -> None:
        letter.history = self.history + 1
        self.events.append(Event(letter.history, at, kind, letter, labels))

    def relabel(self, letter: Letter, added: list[str], removed: list[str], at: int) -> None:
        new = tuple(label for label in added if label not in letter.labels)
        old = tuple(label for label in removed if label in letter.labels)
        letter.labels = [label for label in letter.labels if label not in old] + list(new)
        if new:
            self.note("labelAdded", letter, at, new)
        if old:
            self.note("labelRemoved", letter, at, old)

    def since(self, history: int, now: int) -> list[Event] | None:
        """Events after a history id; None where it is too old or was never given."""
        place = history - FIRST_HISTORY
        if history < self.dropped or not 0 <= place <= len(self.events):
            return None
        rest = self.events[place:]
        return None if rest and rest[0].at < now - HISTORY_LIFE else rest

    def of_thread(self, thread_id: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.thread_id == thread_id]
