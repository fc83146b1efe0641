"""What a query that yields one number is made of, and what Judge compares and bounds of it.

Taking PromQL apart (`parsing`, `grammar`, `selectors`, `amounts`, `operations`, `matching`,
`reading`), the shapes that are known (`shape`), and the metrics that follow from a shape and the
range that its value must lie in (`measured`). Nothing here asks Prometheus, and nothing knows whose
query it is.
"""

from judge.spec.promql_shapes.measured import Measured, measured
from judge.spec.promql_shapes.reading import shape_of
from judge.spec.promql_shapes.shape import Level, Mean, Quantile, Ratio, Shape

__all__ = ["Level", "Mean", "Measured", "Quantile", "Ratio", "Shape", "measured", "shape_of"]
