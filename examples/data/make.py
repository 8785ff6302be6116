#!/usr/bin/env python3
"""Makes the arrays beside this file, for the examples of the README:

q [1, 4, 256, 32], k and v [1, 2, 256, 32]   f32; four query heads share two key heads
doc [1, 256]                                 i32; three documents one after the other
slope [4], sink [4]                          f32; one for each query head
"""
import os

import numpy as np

random = np.random.default_rng(20240607)
arrays = {
    "q": random.standard_normal((1, 4, 256, 32), np.float32),
    "k": random.standard_normal((1, 2, 256, 32), np.float32),
    "v": random.standard_normal((1, 2, 256, 32), np.float32),
    "doc": np.repeat([0, 1, 2], [100, 90, 66]).astype(np.int32)[None],
    "slope": (2.0 ** -np.arange(2, 10, 2)).astype(np.float32),
    "sink": np.array([0.5, 0, -0.5, 1], np.float32),
}
for name, array in arrays.items():
    np.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".npy"), array)
