"""Prometheus's JSON answers as values, and what is no such answer as an error that says what it is.

Owned here: decoding (msgspec), the status field, result types, warnings, sample values. Values come
as strings because JSON knows no NaN or infinity; they are parsed here, not by the decoder. Not
here: the wire (`client`).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from judge.errors import QueryTooLarge, SourceMalformed, SourceRejected, SourceUnavailable

# Remarks on the query itself, not on missing data: Prometheus puts them beside real warnings.
_REMARKS = ("PromQL info", "PromQL warning")


class NativeHistogram(msgspec.Struct):
    """A native histogram: its buckets that hold something, ascending.

    A bucket is (which of its edges belong to it, lower edge, upper edge, count).
    """

    count: str
    sum: str
    buckets: list[tuple[int, str, str, str]] = []


class Series(msgspec.Struct):
    """One series of a result: ``value`` in a vector, ``values`` in a matrix.

    ``histogram`` and ``histograms`` likewise, where what it holds are native histograms.
    """

    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []
    histogram: tuple[float, NativeHistogram] | None = None
    histograms: list[tuple[float, NativeHistogram]] = []


class _Data(msgspec.Struct):
    resultType: str = ""  # noqa: N815
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Body(msgspec.Struct):
    status: str
    data: _Data | None = None
    errorType: str = ""  # noqa: N815
    error: str = ""
    warnings: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A query's series. ``warnings`` are the server's: its answer is partial."""

    series: list[Series]
    warnings: tuple[str, ...] = ()

    def whole(self, address: str) -> list[Series]:
        """The series, where the answer is complete. Raises `SourceUnavailable` where not."""
        if self.warnings:
            raise SourceUnavailable(f"{address} answered in part: {self.warnings[0]}")
        return self.series


_body = msgspec.json.Decoder(_Body)
_series = msgspec.json.Decoder(list[Series])
_value = msgspec.json.Decoder(tuple[float, str])


def decode(body: bytes, *, status: int, address: str, expected: str) -> Result:
    """The result of an HTTP answer. ``expected`` is ``vector`` or ``matrix``.

    A scalar is a vector of one series without labels, as it is in a matrix.

    Raises `SourceRejected` where Prometheus refused the query, `SourceUnavailable` where it gave
    up on it, `SourceMalformed` where this is no answer of its API.
    """
    decoded = _decoded(body, status, address)
    if decoded.status != "success":
        raise _refusal(decoded, body, status, address)
    if status != 200 or decoded.data is None:
        raise _malformed(
            f"answered with HTTP {status} and status {decoded.status!r}", body, status, address
        )
    if decoded.data.resultType == "scalar" and expected == "vector":
        return Result([Series({}, value=_scalar(decoded.data, body, status, address))])
    if decoded.data.resultType != expected:
        raise _malformed(
            f"answered with a {decoded.data.resultType or 'result of no type'} where a {expected} "
            "was expected",
            body,
            status,
            address,
        )
    try:
        series = _series.decode(decoded.data.result)
    except msgspec.DecodeError as error:
        raise _malformed(f"answered with a {expected} that cannot be read ({error})", body, status,
                         address) from error  # fmt: skip
    said = decoded.warnings or []
    return Result(series, tuple(one for one in said if not one.startswith(_REMARKS)))


def _scalar(data: _Data, body: bytes, status: int, address: str) -> tuple[float, str]:
    try:
        return _value.decode(data.result)
    except msgspec.DecodeError as error:
        what = f"answered with a scalar that cannot be read ({error})"
        raise _malformed(what, body, status, address) from error


def number(text: str, address: str) -> float:
    """A sample's value, NaN and infinities included. Raises `SourceMalformed`."""
    try:
        return float(text)
    except ValueError as error:
        raise SourceMalformed(f"{address} answered with the value {text!r}, no number") from error


def _decoded(body: bytes, status: int, address: str) -> _Body:
    try:
        return _body.decode(body)
    except msgspec.ValidationError as error:
        raise _malformed(
            f"answered with JSON that is not Prometheus's ({error})", body, status, address
        ) from error
    except msgspec.DecodeError as error:
        raise _malformed(_what_it_is(body, error), body, status, address) from error


def _what_it_is(body: bytes, error: msgspec.DecodeError) -> str:
    start = body[:256].lstrip()
    if not start:
        return "answered with an empty body"
    if start.startswith(b"<"):
        return "answered with a web page (HTML), not JSON"
    if start.startswith(b"{") and "truncated" in str(error):
        return "answered with JSON that ends in the middle"
    return f"answered with something that is no JSON ({error})"


def _malformed(what: str, body: bytes, status: int, address: str) -> SourceMalformed:
    way_out = "check that the address is Prometheus's own, with its path prefix"
    return SourceMalformed(
        f"{address} {what}; {way_out}", status=status, body=body[:2048].decode("utf-8", "replace")
    )


def _refusal(
    decoded: _Body, body: bytes, status: int, address: str
) -> SourceRejected | SourceUnavailable:
    """What a status ``error`` means: Prometheus's own words, kept."""
    said = decoded.error or decoded.errorType or "no reason given"
    text = body[:2048].decode("utf-8", "replace")
    if decoded.errorType in ("timeout", "canceled"):
        return QueryTooLarge(
            f"{address} gave up on the query: {said}; raise prometheus.timeout, or select less",
            status=status,
            body=text,
        )
    if decoded.errorType in ("unavailable", "internal"):
        return SourceUnavailable(f"{address} could not answer: {said}", status=status, body=text)
    return SourceRejected(f"{address} refused the query: {said}", status=status, body=text)
