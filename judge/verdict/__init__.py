"""From evidence to a metric's verdict, a score and a run's verdict."""
