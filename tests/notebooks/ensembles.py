# Ensembles: members in a list, an averaging model over them, a stacking head, and weights averaged by hand.
# check may say: KG202
# %%
import keras
import numpy as np
from keras import layers

x, y = np.random.rand(64, 6).astype("float32"), np.arange(64) % 3


# %%
def member(units):
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(units, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


models = []
for units in (4, 6, 8):
    model = member(units)
    model.fit(x, y, epochs=1, verbose=0)
    models.append(model)

# %%
votes = np.mean([model.predict(x, verbose=0) for model in models], axis=0).argmax(-1)
(votes == y).mean()

# %%
inputs = keras.Input((6,))
ensemble = keras.Model(inputs, layers.Average()([model(inputs) for model in models]))
ensemble.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
ensemble.evaluate(x, y, verbose=0)

# %%
# The best two, and a head trained on what they say.
models = sorted(models, key=lambda model: model.evaluate(x, y, verbose=0)[1], reverse=True)
models.pop()
for model in models:
    model.trainable = False
stacked = layers.Concatenate()([model(inputs) for model in models])
stacking = keras.Model(inputs, layers.Dense(3, activation="softmax")(stacked))
stacking.compile("adam", "sparse_categorical_crossentropy")
kept = models[0].get_weights()[0]
stacking.fit(x, y, epochs=2, verbose=0)
assert np.array_equal(kept, models[0].get_weights()[0])

# %%
# Snapshots of one model, averaged.
model = member(5)
snapshots = []
for _ in range(3):
    model.fit(x, y, epochs=1, verbose=0)
    snapshots.append(model.get_weights())
averaged = member(5)
averaged.set_weights([np.mean(parts, axis=0) for parts in zip(*snapshots)])
averaged.evaluate(x, y, verbose=0)
