"""Telemetry with pieces missing, as a real Prometheus had it: what the judge must make of it.

`scenarios` says what happens to which pods, `record` has a Prometheus store that and reads it back
look by look; the recordings are in tests/recordings, and the tests here judge those.
"""
