"""Scores and where they come from: biases, other inputs, latents."""
import numpy as np

from pieces import at, attend, example, per_head, plain_weights, qk, relu, rotate, scores, sigmoid


@example()
def plain(c):
    return attend(c, True, scores(c.q, c.k))


@example()
def alibi_8(c):
    slope = 2.0 ** (-8 * (np.arange(c.H) + 1) / c.H)
    return attend(c, c.causal, qk(c) - per_head(slope) * abs(c.i - c.j))


@example()
def softcap_50(c):
    return attend(c, c.causal, 50 * np.tanh(qk(c) / 50))


@example()
def relative_bias(c):
    return attend(c, True, qk(c) + (c.i - c.j))


@example({"bias": ("H", "32", "r", -2, 2)})
def t5(c):
    n = c.i - c.j
    far = np.minimum(31, 16 + np.floor(np.log(np.maximum(n, 1) / 16) / np.log(8) * 16)).astype(int)
    bucket = np.where(n < 16, n, far)
    return attend(c, c.causal, scores(c.q, c.k) + at(c.bias, bucket)[None])


@example({"factor": ("H", "r", 0, 2)})
def head_factor(c):
    return attend(c, True, qk(c) * per_head(c.factor))


@example({"ratio": ("H", "r", -1, 1)})
def sandwich(c):
    x = np.arange(c.D // 2)
    waves = np.cos((c.i - c.j)[..., None] / 10000.0 ** (2 * x / c.D)).sum(-1)
    return attend(c, True, qk(c) + per_head(c.ratio) * waves)


@example({"dist": ("BNM", "i", -1, 7), "table": ("H", "6", "r", -1, 1)})
def graphormer(c):
    return attend(c, True, qk(c) + at(c.table, c.dist).transpose(1, 0, 2, 3))


@example()
def tapa(c):
    half = c.D // 2
    amplitude = scores(c.q[..., :half], c.k[..., :half]) / np.sqrt(half)
    phase = scores(c.q[..., half:], c.k[..., half:]) / np.sqrt(half)
    away = abs(c.i - c.j).astype(float) ** 0.1
    return attend(c, c.causal, amplitude * np.cos(2 * np.pi * away * phase))


@example(
    {"a": ("BHN", "W", "f", -1, 1), "c": ("BHM", "W", "f", -1, 1), "w2": ("H", "U", "W", "r", -1, 1),
     "w3": ("H", "U", "r", -1, 1)},
    lengths={"W": 6, "U": 5},
    uses="v",
)
def neural(c):
    first = relu(c.a[:, :, :, None] + getattr(c, "c")[:, :, None])
    second = relu(np.einsum("huw,bhijw->bhiju", c.w2, first))
    return attend(c, c.causal, np.einsum("hu,bhiju->bhij", c.w3, second))


@example(
    {"a": ("BHN", "W", "f", -1, 1), "c": ("BHM", "W", "f", -1, 1), "w": ("H", "W", "r", -1, 1)},
    lengths={"W": 6},
    uses="v",
)
def additive(c):
    energy = np.tanh(c.a[:, :, :, None] + getattr(c, "c")[:, :, None])
    return attend(c, True, np.einsum("hw,bhijw->bhij", c.w, energy))


@example({"w": ("H", "D", "D", "r", -0.5, 0.5)})
def luong_general(c):
    return attend(c, True, np.einsum("bhid,hde,bhje->bhij", c.q, c.w, c.k))


@example({"pq": ("HN", "W", "f", -1, 1), "pk": ("HM", "W", "f", -1, 1)}, lengths={"W": 6}, uses="v")
def positional(c):
    s = np.einsum("hiw,hjw->hij", c.pq, c.pk) / np.sqrt(6)
    return attend(c, True, np.broadcast_to(s, (c.B,) + s.shape))


@example({"lq": ("BHN", "W", "f", -1, 1), "lk": ("BHM", "W", "f", -1, 1)}, lengths={"W": 6}, uses="v")
def skim(c):
    return attend(c, True, scores(c.lq, c.lk) / np.sqrt(6))


@example(
    {"lq": ("BHN", "W", "f", -1, 1), "lk": ("BHM", "W", "f", -1, 1), "lse": ("BHN", "r", 0, 3)},
    lengths={"W": 6},
    uses="v",
)
def skim_again(c):
    return plain_weights(c, True, np.exp(scores(c.lq, c.lk) / np.sqrt(6) - c.lse[..., None]))


@example(params={"base": 100})
def rotary(c):
    q = rotate(c.q, c.i[:, 0].astype(float), 100)
    k = rotate(c.k, c.j[0].astype(float), 100)
    return attend(c, c.causal, scores(q, k) / np.sqrt(c.D))


@example({"u": ("H", "D", "r", -1, 1), "w": ("H", "D", "r", -1, 1), "rel": ("H", "40", "D", "r", -1, 1)})
def relative(c):
    content = scores(c.q + c.u[None, :, None], c.k)
    offsets = at(c.rel.transpose(0, 2, 1), c.i - c.j)  # [H, D, N, M]
    position = np.einsum("bhid,hdij->bhij", c.q + c.w[None, :, None], offsets)
    return attend(c, c.causal, (content + position) / np.sqrt(c.D))


def latent(c, scale, cache):
    s = np.einsum("bhil,bhjl->bhij", c.ql, cache) + np.einsum("bhir,bjr->bhij", c.qr, c.kr)
    return attend(c, c.causal, scale * s, v=cache)


@example(
    {"ql": ("BHN", "L", "f", -1, 1), "c": ("BM", "L", "f", -1, 1), "qr": ("BHN", "R", "f", -1, 1),
     "kr": ("BM", "R", "f", -1, 1)},
    lengths={"L": 8, "R": 4},
    uses="",
)
def mla(c):
    cache = np.broadcast_to(getattr(c, "c")[:, None], (c.B, c.H, c.M, 8))
    return latent(c, 192**-0.5, cache)


@example(
    {"ql": ("BHN", "L", "f", -1, 1), "c": ("BGM", "L", "f", -1, 1), "qr": ("BHN", "R", "f", -1, 1),
     "kr": ("BM", "R", "f", -1, 1)},
    {"scale": 0.3},
    {"L": 8, "R": 4},
    uses="",
)
def gla(c):
    return latent(c, 0.3, np.repeat(getattr(c, "c"), c.H // c.G, axis=1))


@example({"c": ("BGM", "D", "f", -1, 1), "kr": ("BM", "D/2", "f", -1, 1)}, uses="q")
def gta(c):
    tied = np.repeat(getattr(c, "c"), c.H // c.G, axis=1)
    rope = np.broadcast_to(c.kr[:, None], (c.B, c.H, c.M, c.D // 2))
    k = np.concatenate([tied[..., : c.D // 2], rope], axis=-1)
    return attend(c, c.causal, scores(c.q, k) / np.sqrt(c.D), v=tied)


@example({"x": ("BMH", "E", "f", -1, 1)}, uses="qk")
def optimised(c):
    return attend(c, c.causal, v=c.x.transpose(0, 2, 1, 3))


@example({"x": ("BMH", "D", "f", -1, 1)}, uses="q", equal=True)
def efficient(c):
    x = c.x.transpose(0, 2, 1, 3)
    return attend(c, c.causal, scores(c.q, x) / np.sqrt(c.D), v=x)


@example(
    {"q": ("BN", "D", "f", -1, 1), "k": ("BM", "D", "f", -1, 1), "v": ("BM", "E", "f", -1, 1),
     "eq": ("H", "D", "r", -1, 1), "ek": ("H", "D", "r", -1, 1), "ev": ("H", "E", "r", -1, 1)},
    uses="",
)
def mhe_add(c):
    q = c.q[:, None] + c.eq[None, :, None]
    k = c.k[:, None] + c.ek[None, :, None]
    return attend(c, c.causal, scores(q, k) / np.sqrt(c.D), v=c.v[:, None] + c.ev[None, :, None])


@example({"q": ("HN", "D", "f", -1, 1)}, uses="kv")
def label(c):
    q = np.broadcast_to(c.q[None], (c.B,) + c.q.shape)
    return attend(c, True, scores(q, c.k) / np.sqrt(c.D))


@example({"slope": ("H", "r", 0, 1)})
def lightning(c):
    silu = lambda x: x * sigmoid(x)
    decay = np.exp(-per_head(c.slope) * (c.i - c.j))
    return plain_weights(c, c.causal, np.where(c.causal, scores(silu(c.q), silu(c.k)) * decay, 0))
