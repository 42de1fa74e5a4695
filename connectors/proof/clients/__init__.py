"""Other people's clients, unmodified, pointed at the twin: each file is a session of calls with what must come of them.

A session yields (call, whether it came out as it must). A client's own exception is a failure of the call it was in.
The clients are development requirements; none of them is imported before its session runs.
"""
