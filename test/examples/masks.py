"""Masks: of other tools, static ones, and ones by tables."""
import numpy as np

from pieces import (
    apply,
    at,
    attend,
    dot,
    example,
    keys,
    per_head,
    qk,
    rotate,
    rows,
    scores,
    sigmoid,
    softmax,
)


@example()
def dense(c):
    return attend(c, True)


@example()
def causal(c):
    return attend(c, c.causal)


@example()
def causal_only(c):
    return attend(c, c.causal)


@example()
def gqa(c):
    return attend(c, c.causal)


@example(params={"w": 4})
def sliding_window(c):
    return attend(c, (c.j <= c.i) & (c.i - c.j <= 4))


@example(params={"w": 6, "d": 3})
def dilated(c):
    return attend(c, (abs(c.i - c.j) <= 6) & ((c.i - c.j) % 3 == 0))


@example({"flag": ("BM", "b", 0, 6)}, {"w": 2})
def global_window(c):
    flag = c.flag == 1
    return attend(c, (abs(c.i - c.j) <= 2) | (rows(c, flag) == 1) | keys(flag))


@example(params={"p": 3})
def prefix_lm(c):
    return attend(c, (c.j < 3) | c.causal)


@example({"doc": ("BM", "sorted", 0, 3), "start": ("B3", "starts", 0, 0)}, {"w": 4})
def document(c):
    doc_i, doc_j = rows(c, c.doc), keys(c.doc)
    begin = lambda doc: np.stack([at(c.start[b], doc[b]) for b in range(c.B)])
    away = (c.i - begin(doc_i)) - (c.j - begin(doc_j))
    return attend(c, (doc_i == doc_j) & (away >= 0) & (away < 4))


@example({"doc": ("BM", "sorted", 0, 4), "prefix_of": ("B4", "i", 0, 3)})
def shared_prefix(c):
    doc_i, doc_j = rows(c, c.doc), keys(c.doc)
    prefix = np.stack([at(c.prefix_of[b], doc_i[b]) for b in range(c.B)])
    return attend(c, (c.causal & (doc_i == doc_j)) | (doc_j == prefix))


@example(params={"width": 4, "height": 3, "kw": 3, "kh": 3})
def natten_2d(c):
    def near(x, y, n):
        return abs(np.minimum(np.maximum(x, 1), n - 2) - y) <= 1

    return attend(c, near(c.i % 4, c.j % 4, 4) & near(c.i // 4, c.j // 4, 3))


@example({"doc": ("BM", "sorted", 0, 3), "slope": ("H", "r", 0, 1), "sink": ("H", "r", -1, 1)})
def packed(c):
    s = qk(c) - per_head(c.slope) * (c.i - c.j)
    sink = np.broadcast_to(per_head(c.sink), (c.B, c.H, c.N, 1))
    return attend(c, c.causal & (rows(c, c.doc) == keys(c.doc)), s, extra=sink)


@example(params={"window": 3, "sinks": 2})
def streaming(c):
    return attend(c, c.causal & ((c.i - c.j < 3) | (c.j < 2)))


@example(params={"window": 3, "sinks": 2, "base": 100})
def streaming_positions(c):
    def slot(x):
        return np.where(x < 2, x, x - np.maximum(0, c.i + 1 - 2 - 3)).astype(float)

    shape = (c.N, c.M)
    q = rotate(c.q[:, :, :, None], np.broadcast_to(slot(c.i), shape), 100)
    k = rotate(c.k[:, :, None], np.broadcast_to(slot(c.j + 0 * c.i), shape), 100)
    return attend(c, c.causal & ((c.i - c.j < 3) | (c.j < 2)), dot(q, k) / np.sqrt(c.D))


@example(params={"block": 2, "window": 1, "sinks": 1})
def power(c):
    away = c.i // 2 - c.j // 2
    powers = np.isin(away, [0] + [2**n for n in range(20)])
    return attend(c, c.causal & ((away < 1) | powers | (c.j // 2 < 1)))


@example(params={"block": 2, "local": 1, "stride": 3, "shift": 1, "dense": 1})
def s2(c):
    g = per_head(np.arange(c.H) // (c.H // c.G))
    step = max(1, 3 // c.G)
    kept = (c.i // 2 - c.j // 2 < 1) | (g >= c.G - 1) | ((c.j // 2 + g * step + 1) % 3 == 0)
    return attend(c, c.causal & kept)


@example({"full": ("G", "b", 0, 2)}, {"sinks": 1, "window": 2})
def duo(c):
    full = per_head(np.repeat(c.full == 1, c.H // c.G))
    return attend(c, c.causal & (full | (c.i - c.j < 2) | (c.j < 1)))


@example({"route": ("BNH", "r", -1, 1)}, {"window": 2})
def aha(c):
    all_keys = c.route.transpose(0, 2, 1)[..., None] > 0
    return attend(c, c.causal & (all_keys | (c.i - c.j < 2)))


@example({"seg": ("BM", "i", 0, 2)}, {"layer": 1, "apart": 2})
def lait(c):
    return attend(c, rows(c, c.seg) == keys(c.seg))


@example({"at": ("BN", "i", -1, 9)})
def naavit(c):
    return attend(c, c.j <= getattr(c, "at")[:, None, :, None])


@example({"image": ("BM", "b", 0, 2)})
def croc(c):
    image = c.image == 1
    return attend(c, c.causal | ((rows(c, image) == 1) & keys(image)))


@example(params={"sinks": 2, "window": 2, "dense": 2})
def a_shape(c):
    last = c.i >= c.offset + c.N - 2
    return attend(c, c.causal & ((c.i - c.j < 2) | (c.j < 2) | last))


@example({"wp": ("H", "W", "D", "r", -0.3, 0.3), "vp": ("H", "W", "r", -1, 1)}, {"reach": 4}, {"W": 6})
def luong_local(c):
    hidden = np.tanh(np.einsum("hwd,bhid->bhiw", c.wp, c.q))
    p = c.M * sigmoid(np.einsum("hw,bhiw->bhi", c.vp, hidden))[..., None]
    mask = abs(c.j - p) <= 4
    w, _ = softmax(scores(c.q, c.k), mask)
    return {"out": apply(w * np.exp(-((c.j - p) ** 2) / (2 * 2.0**2)), c.v)}


@example(
    {"lo": ("BN", "i", 0, 4), "hi": ("BN", "i", 2, 9), "a": ("BHN", "W", "f", -1, 1), "c": ("BHM", "W", "f", -1, 1),
     "w": ("H", "W", "r", -1, 1)},
    lengths={"W": 6},
    uses="v",
)
def monotonic(c):
    energy = np.tanh(c.a[:, :, :, None] + getattr(c, "c")[:, :, None])
    s = np.einsum("hw,bhijw->bhij", c.w, energy)
    lo, hi = c.lo[:, None, :, None], c.hi[:, None, :, None]
    return attend(c, (c.j >= lo) & (c.j < hi), s)


@example(params={"segment": 4, "persist": 2})
def titans_mac(c):
    return attend(c, (c.j < 2) | (c.causal & (c.i // 4 == c.j // 4)))


@example(params={"window": 3, "persist": 2})
def titans_mag(c):
    return attend(c, (c.j < 2) | (c.causal & (c.i - c.j <= 3)))


@example(params={"causal_rows": 1})
def cab(c):
    return attend(c, c.causal)


def listed(sets, x):
    """Whether x [M] is in each of the sets [..., slots]."""
    return (sets[..., None, :] == x[:, None]).any(-1)


def by_class(c, sets, tile):
    """The sets of the rows' classes: [..., N, slots]."""
    return sets[..., c.i[:, 0] // tile - c.i[0, 0] // tile, :]


@example({"tiles": ("BHr3", "set", 2, 0)}, {"tile": 2})
def tile_list(c):
    return attend(c, c.causal & listed(by_class(c, c.tiles, 2), c.j[0] // 2))


@example({"picks": ("BN4", "set", 1, 0)})
def indexer(c):
    return attend(c, c.causal & listed(c.picks, c.j[0])[:, None])


@example({"picks": ("BGr5", "set", 1, 0)}, {"tile": 4})
def landmarks(c):
    picks = np.repeat(by_class(c, c.picks, 4), c.H // c.G, axis=1)
    return attend(c, c.causal & listed(picks, c.j[0]))


@example({"kept": ("BH2", "set", 2, 0)}, {"bk": 2, "window": 3, "sinks": 2})
def hip_reuse(c):
    kept = listed(c.kept, c.j[0] // 2)[:, :, None, :]
    return attend(c, c.causal & ((c.i - c.j < 3) | (c.j < 2) | kept))
