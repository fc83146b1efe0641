"""Kayenta's HTTP API under ``/kayenta``: its paths, parameters, shapes and status codes."""
