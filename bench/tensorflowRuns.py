"""Runs a SavedModel's serving_default on demand: each line `batch size runs` is answered with the median time of a run in ms."""

import statistics
import sys
import time

import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
model = tf.saved_model.load(sys.argv[1])
signature = model.signatures["serving_default"]
specs = signature.structured_input_signature[1]

for line in sys.stdin:
    batch, size, runs = map(int, line.split())
    feeds = {}
    for name, spec in specs.items():
        shape = [dim or (size if axis else batch) for axis, dim in enumerate(spec.shape)]
        values = np.arange(np.prod(shape)).reshape(shape) % 17
        feeds[name] = tf.constant(values / 17 if spec.dtype.is_floating else values, spec.dtype)
    signature(**feeds)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        for value in signature(**feeds).values():
            value.numpy()
        times.append((time.perf_counter() - started) * 1000)
    print(statistics.median(times), flush=True)
