"""Trains the bundled sample: handwritten digits, 8 x 8 pixels, as three versions that grow better; and some images to ask it.

    python -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 scikit-learn pillow
    venv/bin/python scripts/makeSample.py

Writes resources/sample/digits/{1,2,3} with a metrics.json each, and resources/sample/images/digit-LABEL.png. The images are of the
rows that no version was trained on. Data: the "Optical Recognition of Handwritten Digits" set that scikit-learn carries.
"""

import json
import pathlib
import shutil

import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SAMPLE = pathlib.Path(__file__).parent.parent / "resources" / "sample"


class Linear(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.zeros([64, 10]), name="w")
        self.b = tf.Variable(tf.zeros([10]), name="b")

    def logits(self, image):
        return tf.reshape(image, [-1, 64]) @ self.w + self.b


class Mlp(tf.Module):
    def __init__(self):
        super().__init__()
        self.w1 = tf.Variable(tf.random.normal([64, 32], stddev=0.15), name="w1")
        self.b1 = tf.Variable(tf.zeros([32]), name="b1")
        self.w2 = tf.Variable(tf.random.normal([32, 10], stddev=0.2), name="w2")
        self.b2 = tf.Variable(tf.zeros([10]), name="b2")

    def logits(self, image):
        hidden = tf.nn.relu(tf.reshape(image, [-1, 64]) @ self.w1 + self.b1)
        return hidden @ self.w2 + self.b2


class Cnn(tf.Module):
    def __init__(self):
        super().__init__()
        self.k1 = tf.Variable(tf.random.normal([3, 3, 1, 12], stddev=0.3), name="k1")
        self.b1 = tf.Variable(tf.zeros([12]), name="b1")
        self.k2 = tf.Variable(tf.random.normal([3, 3, 12, 24], stddev=0.12), name="k2")
        self.b2 = tf.Variable(tf.zeros([24]), name="b2")
        self.w = tf.Variable(tf.random.normal([96, 10], stddev=0.1), name="w")
        self.b = tf.Variable(tf.zeros([10]), name="b")

    def logits(self, image):
        x = tf.nn.relu(tf.nn.conv2d(image, self.k1, 1, "SAME") + self.b1)
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.nn.relu(tf.nn.conv2d(x, self.k2, 1, "SAME") + self.b2)
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        return tf.reshape(x, [-1, 96]) @ self.w + self.b


def train(model, images, labels, epochs):
    variables = model.trainable_variables
    moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in variables]

    @tf.function
    def step(batch, wanted, t):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, model.logits(batch)))
        for v, g, (m, s) in zip(variables, tape.gradient(loss, variables), moments):
            m.assign(0.9 * m + 0.1 * g)
            s.assign(0.999 * s + 0.001 * g * g)
            v.assign_sub(0.004 * (m / (1 - 0.9**t)) / (tf.sqrt(s / (1 - 0.999**t)) + 1e-7))
        return loss

    t = 0
    for _ in range(epochs):
        order = np.random.permutation(len(images))
        for start in range(0, len(images), 64):
            rows = order[start : start + 64]
            t += 1
            loss = step(tf.constant(images[rows]), tf.constant(labels[rows]), tf.constant(float(t)))
    return float(loss)


def main():
    tf.random.set_seed(7)
    np.random.seed(7)
    data = load_digits()
    images = (data.images / 16.0).astype("float32")[..., None]
    labels = data.target.astype("int32")
    train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=0.2, random_state=7, stratify=labels)
    shutil.rmtree(SAMPLE, ignore_errors=True)
    for version, (kind, epochs) in enumerate([(Linear, 6), (Mlp, 12), (Cnn, 25)], start=1):
        model = kind()
        loss = train(model, train_x, train_y, epochs)

        @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], tf.float32, name="image")])
        def serve(image):
            return {"probabilities": tf.nn.softmax(model.logits(image), name="probabilities")}

        place = SAMPLE / "digits" / str(version)
        tf.saved_model.save(
            model,
            str(place),
            signatures={"serving_default": serve},
            options=tf.saved_model.SaveOptions(save_debug_info=False),
        )
        answers = np.argmax(serve(tf.constant(test_x))["probabilities"].numpy(), axis=1)
        accuracy = float(np.mean(answers == test_y))
        metrics = {"accuracy": round(accuracy, 4), "loss": round(loss, 4), "epochs": epochs}
        (place / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
        print(version, kind.__name__, metrics)
    (SAMPLE / "images").mkdir(parents=True)
    for label in range(10):
        # The first that the newest version reads right.
        pixels = test_x[np.flatnonzero((test_y == label) & (answers == label))[0], :, :, 0]
        Image.fromarray(np.round(pixels * 255).astype("uint8")).save(SAMPLE / "images" / f"digit-{label}.png", optimize=True)


main()
