"""Files that are too large are passed by while they come in: they take neither memory nor disk.

Every upload of the installation goes through here, before it is known who sent it.
"""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from opsroom.reports.uploads import LARGEST

FORM_BYTES = 1024**2  # what stands around the file in the request


class Limit(FileUploadHandler):
    is_too_long = False

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        self.is_too_long = content_length > LARGEST + FORM_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.is_too_long:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""
