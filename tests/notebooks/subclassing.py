# Residual blocks as layers, a model of a list of them, and the same model written again with a change.
# %%
import keras
import numpy as np
from keras import layers

images, labels = np.random.rand(24, 12, 12, 3).astype("float32"), np.arange(24) % 4


# %%
class ResidualBlock(layers.Layer):
    def __init__(self, filters, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.main_layers = [
            layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
        ]
        self.skip_layers = []
        if strides > 1:
            self.skip_layers = [
                layers.Conv2D(filters, 1, strides=strides, use_bias=False),
                layers.BatchNormalization(),
            ]

    def call(self, inputs):
        z = inputs
        for layer in self.main_layers:
            z = layer(z)
        skip = inputs
        for layer in self.skip_layers:
            skip = layer(skip)
        return keras.ops.relu(z + skip)


# %%
model = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(4, 3, padding="same")])
prev_filters = 4
for filters in [4, 8]:
    strides = 1 if filters == prev_filters else 2
    model.add(ResidualBlock(filters, strides=strides))
    prev_filters = filters
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(4, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(images, labels, epochs=1, verbose=0)


# %%
class MiniResNet(keras.Model):
    def __init__(self, classes, depth=1):
        super().__init__()
        self.stem = layers.Conv2D(4, 3, padding="same")
        self.blocks = [ResidualBlock(4) for _ in range(depth)]
        self.pool = layers.GlobalAveragePooling2D()
        self.classifier = layers.Dense(classes, activation="softmax")

    def call(self, inputs, training=False):
        x = self.stem(inputs)
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.pool(x))


model = MiniResNet(4)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=1, verbose=0)
model.evaluate(images, labels, verbose=0)


# %%
class MiniResNet(keras.Model):
    def __init__(self, classes, depth=1, rate=0.2):
        super().__init__()
        self.stem = layers.Conv2D(4, 3, padding="same")
        self.blocks = [ResidualBlock(4) for _ in range(depth)]
        self.pool = layers.GlobalAveragePooling2D()
        self.dropout = layers.Dropout(rate)
        self.classifier = layers.Dense(classes, activation="softmax")

    def call(self, inputs, training=False):
        x = self.stem(inputs)
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.dropout(self.pool(x), training=training))


model = MiniResNet(4, rate=0.1)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=1, verbose=0)

# %%
model.predict(images[:2], verbose=0)
