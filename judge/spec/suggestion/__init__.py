"""Proposing an analysis from what a service exports: pure functions over what was found.

Which pods are which track (`tracks`, `pod_names`), which templates fit and how their places are
filled (`candidates`, `alternatives`), which of them are worth judging (`aims`), what limit the
buckets can test (`slowdowns`), and how it is written (`draft`). Asking is not here.
"""
