"""Where and how the model is reached."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Retries here are the only ones: the caller never repeats a call."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.anthropic.com"
    timeout_seconds: float = 60
    max_retries: int = 2
