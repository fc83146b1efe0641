"""Simulated rollouts and the peers' rules, to measure the judge; and the demo."""
