"""Arguments for the examples: shapes, random tensors, files."""
import os

import numpy as np

import formulas

SHAPES = [
    dict(B=2, H=4, G=2, N=7, M=13, D=8, E=16),             # grouped heads, more keys than rows
    dict(B=1, H=2, G=1, N=16, M=16, D=16, E=8),            # square
    dict(B=1, H=3, G=3, N=1, M=33, D=8, E=8),              # decoding
    dict(B=2, H=2, G=2, N=9, M=5, D=8, E=8),               # rows before key 0: they see nothing
    dict(B=1, H=2, G=1, N=6, M=14, D=16, E=24, offset=3),  # keys behind the last row
    dict(B=1, H=1, G=1, N=1, M=1, D=8, E=8),
]


class Case:
    """One example at one shape. Tensors are attributes: those of the example as
    stored, q, k and v as [B, H, ...]."""

    def __init__(self, name, shape, seed):
        self.name, self.example = name, formulas.EXAMPLES[name]
        self.shape = dict(shape)
        if self.example.equal:
            self.shape["E"] = self.shape["D"]
        for key in "BHGNMDE":
            setattr(self, key, self.shape[key])
        self.offset = shape.get("offset", self.M - self.N)
        self.i = self.offset + np.arange(self.N)[:, None]
        self.j = np.arange(self.M)[None, :]
        self.causal = self.j <= self.i
        self.stored, self.random = {}, np.random.default_rng(seed)
        for tensor, axes, width in (("q", "BHN", "D"), ("k", "BGM", "D"), ("v", "BGM", "E")):
            if tensor in self.example.uses:
                array = self.make((axes, width, "f", -2, 2))
                self.stored[tensor] = array
                array = array.astype(np.float64)
                setattr(self, tensor, array if tensor == "q" else np.repeat(array, self.H // self.G, axis=1))
        for tensor, spec in self.example.inputs.items():
            self.stored[tensor] = self.make(spec)
            array = self.stored[tensor]
            setattr(self, tensor, array.astype(np.float64) if array.dtype == np.float32 else array)

    def length(self, word):
        if word.isdigit():
            return int(word)
        if word == "D/2":
            return self.D // 2
        if word == "r":  # classes of rows
            tile = self.example.params["tile"]
            return int(self.i[-1, 0] // tile - self.i[0, 0] // tile + 1)
        return self.example.lengths.get(word) or self.shape[word]

    def make(self, spec):
        axes, kind, low, high = spec[:-3], spec[-3], spec[-2], spec[-1]
        # The first entry is a word of one-letter axes; a digit there is a length.
        shape = [self.length(a) for a in axes[0]] if not axes[0].isdigit() else [int(axes[0])]
        shape += [self.length(word) for word in axes[1:]]
        if kind in "fr":
            return self.random.uniform(low, high, shape).astype(np.float32)
        if kind == "b":
            return self.random.integers(low, high, shape) == low
        if kind == "sorted":
            return np.sort(self.random.integers(low, high, shape), axis=-1).astype(np.int32)
        if kind == "starts":  # where each document of the sorted table `doc` begins
            return np.stack([np.searchsorted(doc, np.arange(shape[1])) for doc in self.doc]).astype(np.int32)
        if kind == "set":  # of classes of `low` keys, and values that are none
            return self.random.integers(-2, -(-self.M // low) + 2, shape).astype(np.int32)
        return self.random.integers(low, high, shape).astype(np.int32)

    def own(self, v):
        """v at the rows' positions, 0 outside."""
        position = self.i[:, 0]
        ok = (position >= 0) & (position < self.M)
        return np.where(ok[:, None], v[:, :, np.clip(position, 0, self.M - 1)], 0)

    def arguments(self, folder):
        """The command line that gives this case; writes the files it names."""
        words = []
        lengths = dict(self.shape, **self.example.lengths)
        lengths.pop("offset", None)
        words += ["--shape", ",".join(f"{key}={value}" for key, value in lengths.items())]
        for key, value in self.example.params.items():
            words += ["--set", f"{key}={value}"]
        if "offset" in self.shape:
            words += ["--set", f"offset={self.shape['offset']}"]
        for tensor, array in self.stored.items():
            path = os.path.join(folder, tensor + ".npy")
            np.save(path, array)
            words += ["--in", f"{tensor}={path}"]
        return words

    def expected(self):
        with np.errstate(all="ignore"):
            return self.example.formula(self)
