"""The wire to Prometheus: one bounded, retried POST that yields a result or says why not.

`PrometheusClient` is a `PrometheusConnect` (address, session, proxy, headers) whose query calls are
our own: real form-encoded bodies, connect and read timeouts, a bound on a response's whole time and
size, retries (`retries`) on what may pass. Redirects are not followed: a POST would become a GET
without its query. Proxies, CA bundles and .netrc files of the environment are ignored: what
counts is in the analysis. Not here: what a body means (`answers`), which queries to ask.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping

import requests
import urllib3
from prometheus_api_client import PrometheusConnect

from judge.errors import (
    QueryTooLarge,
    SettingsError,
    SourceError,
    SourceMalformed,
    SourceRejected,
    SourceUnavailable,
)
from judge.sources.answers import Result, decode
from judge.sources.credentials import authorization
from judge.sources.deadline import DeadlineAdapter
from judge.sources.retries import Retries, retry_after
from judge.spec.resolved import PrometheusConfig

MAX_BODY = 64 * 2**20
CHUNK = 64 * 2**10
POOL = 16
# The server's own deadline comes first, so that its reason reaches us instead of a bare timeout.
SERVER_SHARE = 0.9
TRY_AGAIN = frozenset({429, 502, 503, 504})
_CONNECTION = re.compile(r"^\w*Connection\([^)]*\): ")


class PrometheusClient(PrometheusConnect):  # type: ignore[misc]
    """Queries to one server. Safe to use from several threads.

    Raises `SettingsError` for an address that is no URL.
    """

    def __init__(
        self,
        config: PrometheusConfig,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        generator: random.Random | None = None,
        retries: Retries | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        name = _checked_name(config.address)
        super().__init__(
            config.address.rstrip("/"), headers=dict(config.headers), session=_session(config)
        )
        self._auth = authorization(config)
        self._limit = config.timeout
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._generator = generator or random.Random()  # noqa: S311
        self._retries = retries or Retries()
        self._max_body = max_body
        self._name = name
        adapter = DeadlineAdapter(pool_maxsize=POOL, pool_block=True, max_retries=0)
        for prefix in ("http://", "https://", self.url):
            self._session.mount(prefix, adapter)

    @property
    def name(self) -> str:
        """How error messages call the server."""
        return self._name

    def instant(self, query: str, *, at: float, expected: str = "vector") -> Result:
        """The result of ``query`` at ``at`` (Unix seconds). Raises `SourceError`."""
        return self._query("query", {"query": query, "time": _seconds(at)}, expected)

    def range(self, query: str, *, start: float, end: float, step: float) -> Result:
        """The result of ``query`` at start, start + step, ... end (seconds). Raises `SourceError`.

        At most 11,000 points: it is the caller who splits.
        """
        form = {
            "query": query,
            "start": _seconds(start),
            "end": _seconds(end),
            "step": _seconds(step),
        }
        return self._query("query_range", form, "matrix")

    def _query(self, endpoint: str, form: Mapping[str, str], expected: str) -> Result:
        # VictoriaMetrics moves the points of a range to multiples of the step unless told not to.
        sent = {**form, "timeout": f"{round(self._limit * SERVER_SHARE * 1000)}ms", "nocache": "1"}
        failed = 0
        while True:
            try:
                return self._attempt(endpoint, sent, expected)
            except _TryAgain as again:
                failed += 1
                if failed >= self._retries.tries:
                    raise again.error from again.__cause__
                self._sleep(
                    self._retries.pause(failed, asked=again.after, generator=self._generator)
                )

    def _attempt(self, endpoint: str, form: Mapping[str, str], expected: str) -> Result:
        until = self._monotonic() + self._limit
        try:
            with self._session.post(
                f"{self.url}/api/v1/{endpoint}",
                data=form,
                headers=self.headers,
                auth=self._auth,
                timeout=(self._limit, self._limit),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._result(response, self._body(response, until), expected)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            UnicodeError,
        ) as error:
            failure = self._failure(error)
            if isinstance(failure, SourceUnavailable):
                raise _TryAgain(failure, None) from error
            raise failure from error

    def _body(self, response: requests.Response, until: float) -> bytes:
        parts, size = [], 0
        while part := response.raw.read1(CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._max_body:
                raise QueryTooLarge(
                    f"{self._name} answered with more than {self._max_body // 2**20} MiB; "
                    "select less, or use a longer interval or a shorter history"
                )
            if self._monotonic() > until:
                raise QueryTooLarge(
                    f"{self._name} had not sent its whole answer after {self._limit:g} s; "
                    "raise prometheus.timeout, or select less"
                )
        return b"".join(parts)

    def _result(self, response: requests.Response, body: bytes, expected: str) -> Result:
        status = response.status_code
        if status == 200:
            return decode(body, status=status, address=self._name, expected=expected)
        error = self._refusal(response, body, expected)
        if status in TRY_AGAIN and not isinstance(error, QueryTooLarge):
            after = retry_after(response.headers.get("Retry-After"), now=self._clock())
            raise _TryAgain(error, after)
        raise error

    def _refusal(self, response: requests.Response, body: bytes, expected: str) -> SourceError:
        """The error that an answer other than 200 stands for."""
        status, text = response.status_code, body[:2048].decode("utf-8", "replace")
        if 300 <= status < 400:
            place = _without_password(response.headers.get("Location", "")) or "another path"
            message = f"redirects to {place}; write the address that it redirects to"
            return SourceRejected(f"{self._name} {message}", status=status, body=text)
        if status in (401, 403, 407):
            message = (
                f"refused the credentials (HTTP {status}); check bearerTokenFile, basicAuth, "
                f"headers and tls, and what they may read{_quoted(text)}"
            )
            return SourceRejected(f"{self._name} {message}", status=status, body=text)
        if status in (429, 503):
            stated = self._stated(body, status, expected)
            if isinstance(stated, QueryTooLarge):
                return stated
            message = f"is overloaded (HTTP {status}){_quoted(text)}"
            return SourceUnavailable(f"{self._name} {message}", status=status, body=text)
        if status >= 500:
            message = f"failed with HTTP {status}{_quoted(text)}"
            return SourceUnavailable(f"{self._name} {message}", status=status, body=text)
        return self._stated(body, status, expected) or SourceRejected(
            f"{self._name} refused the request with HTTP {status}; check the address and its path "
            f"prefix{_quoted(text)}",
            status=status,
            body=text,
        )

    def _stated(self, body: bytes, status: int, expected: str) -> SourceError | None:
        """The error that the body itself states in Prometheus's words, if it does."""
        try:
            decode(body, status=status, address=self._name, expected=expected)
        except SourceMalformed:
            return None
        except SourceError as error:
            return error
        return None

    def _failure(self, error: Exception) -> SourceError:
        """The error that an exception of the libraries below stands for."""
        if isinstance(error, requests.exceptions.SSLError):
            return SourceRejected(f"{self._name}: TLS failed: {_innermost(error)}; check tls")
        if isinstance(error, requests.exceptions.ProxyError):
            return SourceUnavailable(f"{self._name}: the proxy failed: {_innermost(error)}")
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return SourceUnavailable(f"{self._name}: no connection within {self._limit:g} s")
        if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)):
            return SourceUnavailable(
                f"{self._name} did not answer within {self._limit:g} s; raise prometheus.timeout"
            )
        if isinstance(error, requests.exceptions.ConnectionError):
            return SourceUnavailable(f"{self._name} cannot be reached: {_innermost(error)}")
        if isinstance(error, urllib3.exceptions.DecodeError):
            return SourceMalformed(f"{self._name} sent a body that cannot be decompressed: {error}")
        if isinstance(error, (urllib3.exceptions.HTTPError, ConnectionError)):
            return SourceUnavailable(
                f"{self._name} cut its answer off in the middle: {_innermost(error)}"
            )
        return SourceRejected(f"{self._name}: {error}")


class _TryAgain(Exception):
    """A failure that may pass; ``after`` is what Retry-After asked for."""

    def __init__(self, error: SourceError, after: float | None) -> None:
        self.error = error
        self.after = after
        super().__init__(str(error))


def _session(config: PrometheusConfig) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    # Compression costs more than it saves on a LAN; `headers` in the analysis can ask for it.
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "judge"})
    tls = config.tls
    session.verify = not tls.insecure_skip_verify and (tls.ca_file or True)
    if tls.insecure_skip_verify:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if tls.cert_file:
        session.cert = (tls.cert_file, tls.key_file) if tls.key_file else tls.cert_file
    if config.proxy:
        session.proxies = {"http": config.proxy, "https": config.proxy}
    return session


def _seconds(value: float) -> str:
    """Prometheus keeps milliseconds; more digits would only be rounded elsewhere."""
    return f"{value:.3f}"


def _checked_name(address: str) -> str:
    """What to call the server at ``address``. Raises `SettingsError` where that is no URL."""
    shown = _without_password(address)
    if shown is None or not address.startswith(("http://", "https://")):
        raise SettingsError(
            f"prometheus.address {address!r} is no URL: write one such as http://prometheus:9090, "
            "or give one with --prometheus"
        )
    return f"Prometheus at {shown.rstrip('/')}"


def _without_password(url: str) -> str | None:
    """``url`` without a user's name and password; None where it is no URL."""
    try:
        parsed = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        return None
    return parsed._replace(auth=None).url if parsed.host else None


def _innermost(error: BaseException) -> str:
    """The last words of a chain of wrapped exceptions: the system's own reason."""
    while True:
        held = (getattr(error, "reason", None), *reversed(error.args))
        inner = next((one for one in held if isinstance(one, BaseException)), None)
        if inner is None:
            # urllib3 begins with what it connected by, of which nobody knows
            return _CONNECTION.sub("", str(error)) or type(error).__name__
        error = inner


def _quoted(text: str) -> str:
    line = " ".join(text.split())[:200]
    return f": {line}" if line else ""
