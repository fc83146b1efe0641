"""Judge: canary analysis that keeps a promise about how often a good release is rolled back."""

__version__ = "0.1.0"
