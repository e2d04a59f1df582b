# Intermediate activations, nearest neighbours in feature space, and a small model on saved features.
# on the way: KG202
# check may say: KG202
# %%
import keras
import numpy as np
from keras import layers

images, labels = np.random.rand(32, 16, 16, 3).astype("float32"), np.arange(32) % 2

# %%
model = keras.Sequential(
    [
        keras.Input((16, 16, 3)),
        layers.Conv2D(4, 3, activation="relu", name="conv_1"),
        layers.MaxPooling2D(2, name="pool_1"),
        layers.Conv2D(8, 3, activation="relu", name="conv_2"),
        layers.Flatten(),
        layers.Dense(8, activation="relu", name="features"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=1, verbose=0)

# %%
layer_outputs, layer_names = [], []
for layer in model.layers:
    if isinstance(layer, (layers.Conv2D, layers.MaxPooling2D)):
        layer_outputs.append(layer.output)
        layer_names.append(layer.name)
activation_model = keras.Model(inputs=model.inputs, outputs=layer_outputs)
activations = activation_model.predict(images[:1], verbose=0)
for layer_name, layer_activation in zip(layer_names, activations):
    n_features = layer_activation.shape[-1]
    print(layer_name, n_features)

# %%
extractor = keras.Model(model.inputs, model.get_layer("features").output)
features = extractor.predict(images, verbose=0)
distances = ((features[:, None] - features[None]) ** 2).sum(-1)
distances.argsort(axis=1)[:, 1][:5]

# %%
for layer in extractor.layers:
    layer.trainable = False
inputs = keras.Input(features.shape[1:])
head = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(inputs)))
head.compile("rmsprop", "binary_crossentropy")
head.fit(features, labels, epochs=2, verbose=0)

# %%
whole = keras.Model(extractor.input, head(extractor.output))
whole.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
whole.evaluate(images, labels, verbose=0)
