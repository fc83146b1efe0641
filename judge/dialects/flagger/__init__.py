"""Flagger: its webhooks, its files, its builtin metrics."""
