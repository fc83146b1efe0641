"""Flagger's webhooks over HTTP, under ``/flagger``."""
