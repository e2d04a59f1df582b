# Copies of a model: cloned, changed while cloned, built from a changed config, and put together from its layers.
# check may say: KG202
# %%
import json

import keras
import numpy as np
from keras import layers

x, y = np.random.rand(40, 6).astype("float32"), np.random.rand(40, 1).astype("float32")
model = keras.Sequential(
    [
        keras.Input((6,)),
        layers.Dense(8, activation="relu", name="hidden"),
        layers.Dropout(0.5, name="drop"),
        layers.Dense(1, name="out"),
    ]
)
model.compile("adam", "mse")
model.fit(x, y, epochs=1, verbose=0)

# %%
model_b = keras.models.clone_model(model)
model_b.set_weights(model.get_weights())
model_b.compile("adam", "mse")
assert np.allclose(model.predict(x, verbose=0), model_b.predict(x, verbose=0), atol=1e-6)
model_b.fit(x, y, epochs=1, verbose=0)


# %%
def weaker(layer):
    config = layer.get_config()
    if isinstance(layer, layers.Dropout):
        config["rate"] = 0.1
    if isinstance(layer, layers.Dense):
        config["kernel_regularizer"] = "l2"
    return layer.__class__.from_config(config)


regular = keras.models.clone_model(model, clone_function=weaker)
regular.set_weights(model.get_weights())
regular.compile("adam", "mse")
assert len(regular.losses) == 2
regular.fit(x, y, epochs=1, verbose=0)

# %%
config = json.loads(model.to_json())
for entry in config["config"]["layers"]:
    if entry["config"].get("name") == "hidden":
        entry["config"]["activation"] = "tanh"
tanh = keras.models.model_from_json(json.dumps(config))
tanh.set_weights(model.get_weights())
tanh.compile("adam", "mse")
tanh.fit(x, y, epochs=1, verbose=0)

# %%
# The trained layers with another head, frozen first and trained whole afterwards.
model_on_a = keras.Sequential([keras.Input((6,))] + model_b.layers[:-1])
model_on_a.add(layers.Dense(1, activation="sigmoid"))
for layer in model_on_a.layers[:-1]:
    layer.trainable = False
model_on_a.compile("adam", "binary_crossentropy")
kept = model_b.get_layer("hidden").get_weights()[0]
model_on_a.fit(x, y > 0.5, epochs=1, verbose=0)
assert np.array_equal(kept, model_b.get_layer("hidden").get_weights()[0])

# %%
for layer in model_on_a.layers[:-1]:
    layer.trainable = True
model_on_a.compile("adam", "binary_crossentropy")
model_on_a.fit(x, y > 0.5, epochs=1, verbose=0)
assert not np.array_equal(kept, model_b.get_layer("hidden").get_weights()[0])
