"""Python's cycle collector in a process that reads pages of JSON all day.

It walks every live object whenever a page has made enough new ones, though a page holds no cycle: a quarter of the time
of reading. What was imported is set aside, and it runs once in so many objects; memory stays as flat as before.
"""

import gc

YOUNG = 20_000  # new containers before a collection; Python's own figure is 700
MIDDLE = OLD = 5  # an answer of the transport is a cycle that holds its page; such pages must not pile up


def calm_down() -> None:
    """Call once all modules are imported. Doing it again is harmless."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
