"""Other systems' formats and endpoints, turned into analyses and runs of ours."""
