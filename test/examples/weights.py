"""What scores become: other normalisers, sinks, stages, gates."""
import numpy as np

from pieces import (
    apply,
    at,
    attend,
    dot,
    example,
    keys,
    per_head,
    plain_weights,
    qk,
    ratio,
    relu,
    rms,
    scores,
    seen,
    sigmoid,
    softmax,
    softplus,
    sums,
    unit,
)


@example(params={"bias": 0.1})
def hsr_relu(c):
    s = qk(c)
    w = np.where(c.causal & (s >= 0.1), relu(s - 0.1) ** 2, 0)
    return plain_weights(c, True, ratio(w, sums(w)))


@example(params={"bias": -2})
def flash_sigmoid(c):
    return plain_weights(c, c.causal, sigmoid(qk(c) - 2))


def length_scaled(c):
    n = np.maximum(seen(c, c.causal).sum(-1, keepdims=True), 1)
    u = softplus(np.log(c.D) * np.log(n) * scores(unit(c.q), unit(c.k)))
    u = np.where(c.causal, u, 0)
    return ratio(u, sums(u)), n


@example()
def lssa(c):
    return plain_weights(c, True, length_scaled(c)[0])


@example(params={"p": 3})
def lssar(c):
    a, n = length_scaled(c)
    sharp = np.where(c.causal, relu(n * a - (n > 3)) ** 3, 0)
    return plain_weights(c, True, ratio(sharp, sums(sharp)))


@example(params={"a": 3, "bias": -0.2})
def relu_power(c):
    w = relu(qk(c) + 0.2) ** 3
    return plain_weights(c, True, ratio(w, sums(w)))


@example()
def rela(c):
    return {"out": rms(plain_weights(c, True, relu(qk(c)))["out"])}


@example()
def off_by_one(c):
    return attend(c, c.causal, extra=np.zeros((c.B, c.H, c.N, 1)))


@example({"sink": ("H", "r", -1, 1)}, {"layer": 4, "window": 3})
def gpt_oss(c):
    sink = np.broadcast_to(per_head(c.sink), (c.B, c.H, c.N, 1))
    return attend(c, c.causal & (c.i - c.j < 3), extra=sink)


@example(params={"gamma": -0.2, "zeta": 1.1})
def clipped(c):
    p, _ = softmax(qk(c), seen(c, c.causal))
    return plain_weights(c, c.causal, np.clip(1.3 * p - 0.2, 0, 1))


@example({"s_h": ("H", "r", 0, 1)})
def ssmax(c):
    n = np.maximum(seen(c, c.causal).sum(-1, keepdims=True), 1)
    return attend(c, c.causal, per_head(c.s_h) * np.log(n) * qk(c))


@example()
def softpick(c):
    e = np.where(c.causal, np.exp(qk(c)) - 1, 0)
    return plain_weights(c, True, relu(e) / (sums(abs(e)) + 1e-6))


@example({"poly": ("4", "r", -0.3, 0.6)})
def adaptive_temperature(c):
    p, _ = softmax(qk(c), seen(c, c.causal))
    entropy = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1, keepdims=True)
    theta = np.maximum(1, sum(c.poly[t] * entropy**t for t in range(4)))
    return attend(c, c.causal, theta * qk(c))


@example({"gate": ("BNH", "E", "f", -2, 2)})
def gated(c):
    return {"out": attend(c, c.causal)["out"] * sigmoid(c.gate.transpose(0, 2, 1, 3))}


@example()
def linear(c):
    phi = lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))
    w = np.where(c.causal, scores(phi(c.q), phi(c.k)), 0)
    return plain_weights(c, True, ratio(w, sums(w)))


@example({"gamma": ("H", "E", "r", -1, 1)})
def softmax_as_rnn(c):
    out = plain_weights(c, c.causal, np.exp(np.minimum(qk(c), 5)))["out"]
    return {"out": rms(out) * c.gamma[None, :, None]}


@example({"tau": ("H", "r", 0, 1)})
def l2vit(c):
    w = scores(relu(c.q), relu(c.k))
    return {"out": per_head(c.tau)[None] * apply(w / np.maximum(sums(w), 100), c.v)}


@example({"kb": ("H", "D", "f", -1, 1)})
def k_bias(c):
    sink = dot(c.q, c.kb[None, :, None]) / np.sqrt(c.D)
    return attend(c, c.causal, extra=sink[..., None])


@example()
def clamped_kernel(c):
    s = np.where(c.causal, qk(c), 0)
    return plain_weights(c, True, s / np.maximum(abs(sums(s)), 1))


@example()
def uniform(c):
    n = seen(c, c.causal).sum(-1, keepdims=True)
    mean = apply(ratio(seen(c, c.causal) * 1.0, n), c.v)
    return {"out": (c.own(c.v) + mean) / 2}


@example({"rho": ("H", "r", 0.1, 2)})
def zerotuning(c):
    return attend(c, c.causal, qk(c) + np.where(c.j == 0, np.log(per_head(c.rho)), 0))


@example({"kind": ("BM", "i", 0, 4)})
def var(c):
    kind = np.broadcast_to(keys(c.kind), (c.B, c.H, c.N, c.M))
    a, _ = softmax(qk(c), seen(c, c.causal))
    mass = [sums(np.where(kind == t, a, 0)) for t in range(4)]
    image = mass[2] + mass[3]
    keep = (kind == 0) | (mass[3] == 0) | (image < 0.2) | (mass[2] > 0.5 * image)
    gain = 1 + 0.4 * ratio(mass[1] + mass[2], mass[3])
    return plain_weights(c, True, a * np.where(keep, 1, np.where(kind == 3, gain, 0.6)))


@example({"doc": ("BM", "sorted", 0, 4), "gain": ("B4", "r", 0, 2)})
def document_gains(c):
    w, _ = softmax(qk(c), seen(c, c.causal))
    gain = np.stack([at(c.gain[b], c.doc[b]) for b in range(c.B)])
    return plain_weights(c, True, w * keys(gain))


@example(params={"u": 0.3})
def softpag(c):
    return {"out": 0.7 * attend(c, True)["out"] + 0.3 * c.own(c.v)}


@example({"magnet": ("BM", "b", 0, 3)})
def magnets(c):
    return attend(c, c.causal & ~keys(c.magnet == 1))


@example({"fq": ("H", "D", "r", -1, 1), "fk": ("H", "D", "r", -1, 1)}, {"gain": 0.5})
def focus(c):
    q, k = c.q + 0.5 * c.fq[None, :, None], c.k + 0.5 * c.fk[None, :, None]
    return attend(c, c.causal, scores(q, k) / np.sqrt(c.D))
