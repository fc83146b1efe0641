"""``judge templates suggest``: looking at a service and proposing an analysis of it."""
