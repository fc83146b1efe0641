"""A service whose time runs fast, and the recorder that has a real Prometheus scrape it."""
