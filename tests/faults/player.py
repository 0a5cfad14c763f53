"""A backend that greets as it should and answers its first job with the lines of a file, whatever they are.

python player.py FILE           ends with its stdin, as the real one does
python player.py FILE drown     says the file's lines again and again
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path


def read(asked: threading.Event) -> None:
    for line in sys.stdin.buffer:
        if b'"Generate"' in line:
            asked.set()
    os._exit(0)


def main() -> None:
    asked = threading.Event()
    threading.Thread(target=read, args=(asked,), daemon=True).start()
    say = sys.stdout.buffer
    hello = {"protocol": int(os.environ["IMG23D_FAULT_PROTOCOL"]), "backend": "player", "python": "3", "pid": os.getpid()}
    say.write(json.dumps({"kind": "Hello"} | hello).encode() + b"\n")
    say.flush()
    asked.wait()
    said = Path(sys.argv[1]).read_bytes()
    while True:
        say.write(said)
        say.flush()
        if sys.argv[2:] != ["drown"]:
            break
    threading.Event().wait()


main()
