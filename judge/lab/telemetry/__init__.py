"""Rollouts as a run sees them: samples of pods that come and go, with holes, judged by the daemon.

The other scenarios are arrays without a hole, judged by the statistics alone. Here
`judge.verdict.sequential` judges intervals, so that the promise measured is the whole run's.
"""
