# Triplets: a frozen base with a small embedding head, trained by a model with its own step.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

anchors, positives, negatives = (np.random.rand(24, 16, 16, 3).astype("float32") for _ in range(3))
dataset = tf.data.Dataset.from_tensor_slices((anchors, positives, negatives)).batch(8)

# %%
inputs = keras.Input((16, 16, 3))
x = layers.Conv2D(4, 3, name="conv_a")(inputs)
x = layers.Conv2D(4, 3, name="conv_b")(x)
base = keras.Model(inputs, layers.Flatten()(x), name="base")
trainable = False
for layer in base.layers:
    if layer.name == "conv_b":
        trainable = True
    layer.trainable = trainable

dense = layers.Dense(8, activation="relu")(base.output)
dense = layers.BatchNormalization()(dense)
output = layers.Dense(4)(dense)
embedding = keras.Model(base.input, output, name="Embedding")


# %%
class DistanceLayer(layers.Layer):
    def call(self, anchor, positive, negative):
        ap = ops.sum(ops.square(anchor - positive), -1)
        an = ops.sum(ops.square(anchor - negative), -1)
        return ap, an


anchor_input = keras.Input((16, 16, 3), name="anchor")
positive_input = keras.Input((16, 16, 3), name="positive")
negative_input = keras.Input((16, 16, 3), name="negative")
distances = DistanceLayer()(embedding(anchor_input), embedding(positive_input), embedding(negative_input))
siamese_network = keras.Model(inputs=[anchor_input, positive_input, negative_input], outputs=distances)


# %%
class SiameseModel(keras.Model):
    def __init__(self, siamese_network, margin=0.5):
        super().__init__()
        self.siamese_network = siamese_network
        self.margin = margin
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, inputs):
        return self.siamese_network(inputs)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self._compute_loss(data)
        gradients = tape.gradient(loss, self.siamese_network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.siamese_network.trainable_weights))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data):
        self.loss_tracker.update_state(self._compute_loss(data))
        return {"loss": self.loss_tracker.result()}

    def _compute_loss(self, data):
        ap, an = self.siamese_network(data)
        return ops.maximum(ap - an + self.margin, 0.0)

    @property
    def metrics(self):
        return [self.loss_tracker]


# %%
siamese_model = SiameseModel(siamese_network)
siamese_model.compile(optimizer=keras.optimizers.Adam(1e-3))
frozen = base.get_layer("conv_a").get_weights()[0]
siamese_model.fit(dataset, epochs=2, validation_data=dataset, verbose=0)
assert np.array_equal(frozen, base.get_layer("conv_a").get_weights()[0])

# %%
sample = next(iter(dataset))
anchor, positive, negative = sample
anchor_embedding, positive_embedding = embedding(anchor), embedding(positive)
cosine_similarity = keras.losses.CosineSimilarity(reduction=None)
print(ops.mean(cosine_similarity(anchor_embedding, positive_embedding)))
