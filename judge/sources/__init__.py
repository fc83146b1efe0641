"""Where numbers come from: Prometheus, or a recording."""
