"""Whether the server of a store answers: what its silence is known by, who is told, and when it is asked again."""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from mlflow.exceptions import MlflowException

from runner.errors import with_causes
from runner.tracking.recorder import StoreAway
from runner.tracking.store import is_server
from runner.writing.wording import first_line, without_password

log = logging.getLogger("runner.tracking")

SECONDS_TO_ANSWER = 6.0
"""After which a server that still owes an answer is asked whether it is there at all."""
PROBE_SECONDS = 3.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds between two tries; each is twice the one before, up to the longest."""

OVERLOADED = (408, 429, 502, 503, 504)
"""HTTP's answers that say: later."""
_SILENCE = {
    *("ConnectionError", "Timeout", "ConnectTimeout", "ReadTimeout", "ChunkedEncodingError"),  # requests
    *(
        "NewConnectionError",
        "ProtocolError",
        "ReadTimeoutError",
        "ConnectTimeoutError",
        "NameResolutionError",
    ),  # urllib3
    *("EndpointConnectionError", "ConnectionClosedError", "HTTPClientError"),  # botocore, for artifacts in S3
}


def is_away(problem: BaseException) -> bool:
    """Whether an error says that nobody answers, or that the server cannot now: later the same may go well."""
    for seen in with_causes(problem):
        if isinstance(seen, (ConnectionError, TimeoutError, StoreAway)) or type(seen).__name__ in _SILENCE:
            return True
        if isinstance(seen, MlflowException) and seen.get_http_status_code() in OVERLOADED:
            return True
        if any(f"too many {code} error responses" in str(seen) for code in OVERLOADED):
            return True
    return False


class Contact:
    """What is known of a server, by one process. It tells once that the server is away, and once that it is back.

    Args:
        uri: of the store; one that is no server never counts as away.
        tells: whether it warns; a command that does nothing but ask says it in its own words.
    """

    def __init__(self, uri: str, *, tells: bool = True) -> None:
        self._uri, self._is_server, self._tells = uri, is_server(uri), tells
        self._lock = threading.Lock()
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # it would tell of each try
        self._pause, self._next_try = 0.0, 0.0

    @property
    def name(self) -> str:
        """The server in words."""
        return f"the MLflow server {without_password(self._uri)}"

    @property
    def away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._pause > 0

    @property
    def seconds_to_wait(self) -> float:
        """Until it may be asked."""
        return max(0.0, self._next_try - time.monotonic())

    @property
    def due(self) -> bool:
        """Whether it may be asked: it answers, or it was last tried long enough ago."""
        return not self.seconds_to_wait

    def answers(self) -> bool:
        """Whether anything comes from the server now; the user is told where nothing does."""
        if answers := _answers(self._uri):
            return answers
        self._lost()
        return False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """A block that asks the server something.

        Raises:
            StoreAway: it does not answer, or did not a moment ago. Other errors pass through.
        """
        if not self.due:
            raise StoreAway(f"{self.name} does not answer")
        watch = threading.Timer(SECONDS_TO_ANSWER, self._probe)
        watch.daemon = True
        if self._is_server:
            watch.start()
        try:
            yield
        except Exception as problem:
            if not (self._is_server and is_away(problem)):
                raise
            self._lost()
            raise StoreAway(f"{self.name} does not answer ({first_line(problem)})") from problem
        else:
            self.found()
        finally:
            watch.cancel()

    def _probe(self) -> None:
        """Tells of a server that has stopped in the middle of an answer; one that only takes long is left in peace."""
        self.answers()

    def _lost(self) -> None:
        with self._lock:
            told, self._pause = self.away, min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
            self._next_try = time.monotonic() + self._pause
        if self._tells and not told:
            log.warning(
                "%s does not answer; training goes on, and what it has not got waits in the runs' folders", self.name
            )

    def found(self) -> None:
        """It answers; the user is told where it did not before."""
        with self._lock:
            told, self._pause, self._next_try = self.away, 0.0, 0.0
        if self._tells and told:
            log.warning("%s answers again; what waited is written", self.name)


@lru_cache
def contact_with(uri: str) -> Contact:
    """The one contact of this process with a store, so that all who ask it know the same, and the user is told once."""
    return Contact(uri)


def _answers(uri: str) -> bool:
    """Whether anything at all comes from an address."""
    try:
        with urllib.request.urlopen(uri, timeout=PROBE_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True
    except urllib.error.URLError as problem:
        return isinstance(problem.reason, ssl.SSLError)  # it answers; whom to trust is MLflow's matter
    except (OSError, http.client.HTTPException):
        return False
