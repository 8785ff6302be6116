"""What every program in examples/ must compute, written from the formulas of
the papers: whole matrices in float64, nothing of the compiler or the oracle.

A formula gets a Case and returns its outputs by name ("out", "lse"). Matrices
of scores and weights are [B, H, N, M]; q is [B, H, N, D]; k and v come with
their heads repeated to H. `i` is the position of a row, `j` of a key.
"""
import masks  # noqa: F401: each registers its formulas
import scores  # noqa: F401
import weights  # noqa: F401
from pieces import EXAMPLES  # noqa: F401
