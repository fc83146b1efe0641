"""Argo Rollouts' analysis templates: their conditions, and what becomes of them here."""
