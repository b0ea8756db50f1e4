"""A line of the log that --log-json asks for."""

import json
import sys
import time


def log(event: str, **facts: object) -> None:
    """One JSON object on stderr: when, what happened, and what there is to say about it."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event, **facts}
    data = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    if hasattr(sys.stderr, "buffer"):
        sys.stderr.buffer.write(data)  # whatever the encoding of the terminal
    else:
        sys.stderr.write(data.decode())
    sys.stderr.flush()
