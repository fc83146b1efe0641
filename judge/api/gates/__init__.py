"""Gates that people open for a rollout: as Flagger's load tester has them, and listed."""
