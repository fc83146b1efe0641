"""An analysis replayed on the past: pod splits of the baseline, and rollouts that were."""
