"""Writes what TensorFlow answers for generated cases of every op that the engine has: test/engine/goldens/FAMILY.jsonl.

    python -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 pillow
    venv/bin/python scripts/makeOpGoldens.py [FAMILY ...]

One case a line, by a fixed seed; the format is told in scripts/opGoldens/recorder.py. A family is one module of scripts/opGoldens: an op
gets cases by a few lines there. Left out, since TensorFlow's answer depends on the machine or is known to be wrong: the lowest integer
divided by -1, shifts by the width or more, floats cast to integers that do not hold them, denormal numbers (flushed to zero), sines of
infinity, and maximum(x, 2x), which oneDNN fuses wrongly. Cases that TensorFlow has no kernel for are counted and left out.
"""

import collections
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# Its fusions are not the op's definition, and it ends the process at inputs of a wrong rank.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

from opGoldens import array, elementwise, files, graphs, images, neural, recorder, reduce, sparse, text

FAMILIES = {module.__name__.split(".")[1]: module for module in (array, elementwise, files, graphs, images, neural, reduce, sparse, text)}
PLACE = pathlib.Path(__file__).parent.parent / "test" / "engine" / "goldens"


def main():
    tf.compat.v1.enable_control_flow_v2()
    np.seterr(all="ignore")
    PLACE.mkdir(parents=True, exist_ok=True)
    for family in sys.argv[1:] or FAMILIES:
        FAMILIES[family].record(np.random.default_rng(7))
        (PLACE / f"{family}.jsonl").write_text("\n".join(recorder.finish(family)) + "\n")
    for (op, why), count in collections.Counter(recorder.skipped).items():
        if "-v" in os.environ.get("GOLDENS", ""):
            print("left out:", count, op, why)
    print(len(recorder.skipped), "cases left out")


main()
