"""A Canary of Flagger's becomes an analysis of ours, with the webhooks that it lacks for that."""
