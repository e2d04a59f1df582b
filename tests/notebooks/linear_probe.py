# Contrastive pretraining, a linear probe on the frozen encoder, then fine-tuning.
# check may say: KG202
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

images, labels = np.random.rand(32, 12, 12, 3).astype("float32"), np.arange(32) % 4
width, temperature = 8, 0.1
unlabelled = tf.data.Dataset.from_tensor_slices(images).batch(16)


# %%
def get_augmenter():
    return keras.Sequential(
        [keras.Input((12, 12, 3)), layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1)]
    )


def get_encoder():
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(width, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(width, activation="relu"),
        ],
        name="encoder",
    )


class ContrastiveModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.augmenter = get_augmenter()
        self.encoder = get_encoder()
        self.projection_head = keras.Sequential(
            [keras.Input((width,)), layers.Dense(width, activation="relu"), layers.Dense(width)]
        )
        self.tracker = keras.metrics.Mean(name="c_loss")

    @property
    def metrics(self):
        return [self.tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            first = self.projection_head(self.encoder(self.augmenter(data, training=True)))
            second = self.projection_head(self.encoder(self.augmenter(data, training=True)))
            first, second = ops.normalize(first, axis=1), ops.normalize(second, axis=1)
            similarities = ops.matmul(first, ops.transpose(second)) / temperature
            targets = ops.arange(ops.shape(first)[0])
            loss = keras.losses.sparse_categorical_crossentropy(targets, similarities, from_logits=True)
            loss = ops.mean(loss)
        variables = self.encoder.trainable_weights + self.projection_head.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        self.tracker.update_state(loss)
        return {"c_loss": self.tracker.result()}


# %%
pretraining_model = ContrastiveModel()
pretraining_model.compile(optimizer=keras.optimizers.Adam())
pretraining_model.fit(unlabelled, epochs=2, verbose=0)

# %%
encoder = pretraining_model.encoder
encoder.trainable = False
probe = keras.Sequential([keras.Input((12, 12, 3)), encoder, layers.Dense(4)], name="linear_probe")
probe.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
kept = encoder.get_weights()[0]
probe.fit(images, labels, epochs=2, verbose=0)
assert np.array_equal(kept, encoder.get_weights()[0])

# %%
baseline = keras.Sequential([keras.Input((12, 12, 3)), get_encoder(), layers.Dense(4)], name="baseline")
baseline.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
baseline.fit(images, labels, epochs=1, verbose=0)

# %%
encoder.trainable = True
finetuning_model = keras.Sequential(
    [keras.Input((12, 12, 3)), get_augmenter(), encoder, layers.Dense(4)], name="finetuning"
)
finetuning_model.compile(
    "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
finetuning_model.fit(images, labels, epochs=1, verbose=0)
assert not np.array_equal(kept, encoder.get_weights()[0])
