# Layers shared by several inputs and by several models, one of which is trained on after the other.
# %%
import keras
import numpy as np
from keras import layers

left, right = np.random.randint(1, 20, (40, 5)), np.random.randint(1, 20, (40, 5))
target = (np.arange(40) % 2).astype("float32")

# %%
shared_embedding = layers.Embedding(20, 6)
lstm = layers.LSTM(4)
left_input, right_input = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
left_output = lstm(shared_embedding(left_input))
right_output = lstm(shared_embedding(right_input))
merged = layers.concatenate([left_output, right_output], axis=-1)
predictions = layers.Dense(1, activation="sigmoid")(merged)
model = keras.Model([left_input, right_input], predictions)
model.compile("adam", "binary_crossentropy")
model.fit([left, right], target, epochs=1, verbose=0)

# %%
# A model of one side, with the layers as trained.
single = keras.Model(left_input, layers.Dense(1, activation="sigmoid")(left_output))
single.compile("adam", "binary_crossentropy")
before = shared_embedding.get_weights()[0]
single.fit(left, target, epochs=1, verbose=0)
assert not np.array_equal(before, shared_embedding.get_weights()[0])
model.evaluate([left, right], target, verbose=0)

# %%
trunk = keras.Sequential(
    [keras.Input((8,)), layers.Dense(8, activation="relu"), layers.Dense(4, activation="relu")], name="trunk"
)
x = np.random.rand(40, 8).astype("float32")
inputs = keras.Input((8,))
tasks = {}
for name in ("a", "b"):
    task = keras.Model(inputs, layers.Dense(1, name=f"head_{name}")(trunk(inputs)), name=name)
    task.compile("sgd", "mse")
    tasks[name] = task

# %%
for _ in range(2):
    for name, task in tasks.items():
        print(name, task.train_on_batch(x, target))

# %%
joint = keras.Model(inputs, [task(inputs) for task in tasks.values()])
joint.compile("sgd", ["mse", "mse"])
joint.fit(x, [target, target], epochs=1, verbose=0)
