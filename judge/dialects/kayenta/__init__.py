"""Kayenta's configurations, requests and answers."""
