# Subclassed models and layers which make their parts in build(): the first fit builds them.
# %%
import keras
import numpy as np
from keras import layers

images, labels = np.random.rand(32, 8, 8, 3).astype("float32"), np.arange(32) % 4


# %%
class Stack(layers.Layer):
    def __init__(self, widths, **kwargs):
        super().__init__(**kwargs)
        self.widths = widths
        self.blocks = []

    def build(self, input_shape):
        for width in self.widths:
            self.blocks.append(layers.Conv2D(width, 3, padding="same", activation="relu"))
        for block in self.blocks:
            block.build(input_shape)
            input_shape = block.compute_output_shape(input_shape)

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return inputs


class Classifier(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.stack = Stack([4, 6])
        self.pool = layers.GlobalAveragePooling2D()
        self.dropout = layers.Dropout(0.3)
        self.head = layers.Dense(classes, activation="softmax")

    def call(self, inputs, training=None):
        x = self.pool(self.stack(inputs))
        return self.head(self.dropout(x, training=training))


# %%
model = Classifier(4)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=1, verbose=0)

# %%
model.fit(images, labels, epochs=1, verbose=0)

# %%
# %keras_guard check model

# %%
# Freezing the feature part and training a head goes through compile().
model.stack.trainable = False
before = model.stack.blocks[0].kernel.numpy()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=1, verbose=0)
assert np.array_equal(before, model.stack.blocks[0].kernel.numpy())

# %%
model.predict(images[:3], verbose=0).argmax(-1)
