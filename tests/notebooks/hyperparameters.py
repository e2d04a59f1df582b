# A search over settings: each combination gets a model of its own, and the best one is trained on.
# %%
import itertools

import keras
import numpy as np
from keras import layers

x, y = np.random.rand(64, 8).astype("float32"), np.arange(64) % 2


# %%
def create_model(units=8, rate=0.0, activation="relu", optimizer="adam"):
    model = keras.Sequential()
    model.add(keras.Input((8,)))
    model.add(layers.Dense(units, activation=activation, kernel_regularizer=keras.regularizers.L2(1e-4)))
    if rate:
        model.add(layers.Dropout(rate))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model


# %%
best, best_score, results = None, -1.0, {}
for units, rate in itertools.product([4, 8], [0.0, 0.3]):
    model = create_model(units, rate)
    model.fit(x, y, epochs=1, batch_size=32, verbose=0)
    _, score = model.evaluate(x, y, verbose=0)
    results[units, rate] = score
    if score > best_score:
        best, best_score = model, score
sorted(results.items(), key=lambda item: -item[1])[0]

# %%
for learning_rate in [1e-1, 1e-2, 1e-3]:
    optimizer = keras.optimizers.SGD(learning_rate=learning_rate)
    model = create_model(optimizer=optimizer)
    history = model.fit(x, y, epochs=1, verbose=0)
    print(learning_rate, history.history["loss"][-1])

# %%
for name in ["tanh", "elu"]:
    model = create_model(activation=name)
    model.fit(x, y, epochs=1, verbose=0)

# %%
best.fit(x, y, epochs=2, verbose=0)
best.evaluate(x, y, verbose=0)
