"""Runs in processes that start at once, to be killed or to be short of space."""

import json
import subprocess
import sys
from pathlib import Path

SERVER = Path(__file__).with_name("fork_server.py")


class ForkServer:
    """Talks to `fork_server.py`, which says what the requests are. Use it as a context."""

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_):
        self._process.communicate()

    def run(self, place, data, **request):
        """Exit code and seconds of a process that trains in `place/run` with `place/cache`."""
        place.mkdir(exist_ok=True)
        paths = {"place": str(place), "data": str(data)}
        self._process.stdin.write(json.dumps(paths | request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["seconds"]
