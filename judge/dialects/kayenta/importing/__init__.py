"""A canary configuration becomes an analysis of ours, with a list of what differs."""
