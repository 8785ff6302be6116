"""What the formulas are made of, and their list."""
import numpy as np

EXAMPLES = {}


class Example:
    def __init__(self, formula, inputs, params, lengths, uses, equal):
        self.formula, self.inputs, self.params = formula, inputs, params
        self.lengths, self.uses, self.equal = lengths, uses, equal


def example(inputs=None, params=None, lengths=None, uses="qkv", equal=False, name=None):
    """`inputs`: name -> (axes and component lengths, kind, low, high). Axes are
    letters of the Case, other words lengths; kind is f (the dtype), r (f32), i, b.
    `params`: values that differ from their defaults. `uses`: which of q, k, v
    the pattern reads. `equal`: it needs D = E."""

    def register(f):
        EXAMPLES[name or f.__name__] = Example(f, inputs or {}, params or {}, lengths or {}, uses, equal)
        return f

    return register


def dot(a, b):
    return np.einsum("...d,...d->...", a, b)


def scores(q, k):
    return np.einsum("bhid,bhjd->bhij", q, k)


def qk(c):
    return scores(c.q, c.k) / np.sqrt(c.D)


def ratio(a, b):
    """a / b, and 0 where b is 0."""
    a, b = np.broadcast_arrays(a, b)
    return np.divide(a, b, out=np.zeros(a.shape), where=b != 0)


def seen(c, mask):
    return np.broadcast_to(mask, (c.B, c.H, c.N, c.M))


def softmax(s, mask, extra=None):
    """Weights, and the logarithm of the denominator; `extra` is the logarithm
    of a term added to it."""
    s = np.where(mask, s, -np.inf)
    top = np.max(s, axis=-1, keepdims=True, initial=-np.inf)
    if extra is not None:
        top = np.maximum(top, extra)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(s - top)
    total = e.sum(-1, keepdims=True)
    if extra is not None:
        total = total + np.exp(extra - top)
    with np.errstate(divide="ignore"):
        lse = (np.log(total) + top)[..., 0]
    return ratio(e, total), lse


def apply(w, v):
    return np.einsum("bhij,bhje->bhie", w, v)


def attend(c, mask, s=None, v=None, extra=None):
    w, lse = softmax(qk(c) if s is None else s, seen(c, mask), extra)
    return {"out": apply(w, c.v if v is None else v), "lse": lse}


def plain_weights(c, mask, w, v=None):
    return {"out": apply(np.where(seen(c, mask), w, 0), c.v if v is None else v)}


def sums(w):
    return w.sum(-1, keepdims=True)


def per_head(x):
    return x[:, None, None] if x.ndim == 1 else x[None, :, None, :]


def at(table, index):
    """table[..., index] with 0 outside; index of any shape."""
    ok = (index >= 0) & (index < table.shape[-1])
    if table.shape[-1] == 0:
        return np.zeros(table.shape[:-1] + index.shape, table.dtype)
    return np.where(ok, table[..., np.clip(index, 0, table.shape[-1] - 1)], np.zeros((), table.dtype))


def rows(c, table):
    """A table over keys [B, M], read at the rows' positions: [B, 1, N, 1]."""
    return at(table, c.i[:, 0])[:, None, :, None]


def keys(table):
    return table[:, None, None, :]


def unit(x):
    return ratio(x, np.linalg.norm(x, axis=-1, keepdims=True))


def rms(x):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(x, 0)


def rotate(x, position, base):
    """Halves of x as real and imaginary part, turned by position * base^(-2d/D)."""
    half = x.shape[-1] // 2
    angle = position[..., None] * float(base) ** (-np.arange(half) / half)
    z = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angle)
    return np.concatenate([z.real, z.imag], axis=-1)
