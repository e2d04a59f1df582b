# Several inputs and outputs, with a loss, a weight and metrics for each output.
# %%
import keras
import numpy as np
from keras import layers

vocabulary_size, num_tags, num_departments, num_samples = 30, 5, 3, 48

# %%
title = keras.Input(shape=(vocabulary_size,), name="title")
text_body = keras.Input(shape=(vocabulary_size,), name="text_body")
tags = keras.Input(shape=(num_tags,), name="tags")
features = layers.Concatenate()([title, text_body, tags])
features = layers.Dense(8, activation="relu", name="dense_features")(features)
priority = layers.Dense(1, activation="sigmoid", name="priority")(features)
department = layers.Dense(num_departments, activation="softmax", name="department")(features)
model = keras.Model(inputs=[title, text_body, tags], outputs=[priority, department])

# %%
inputs = {
    "title": np.random.randint(0, 2, (num_samples, vocabulary_size)),
    "text_body": np.random.randint(0, 2, (num_samples, vocabulary_size)),
    "tags": np.random.randint(0, 2, (num_samples, num_tags)),
}
priority_data = np.random.random((num_samples, 1))
department_data = np.eye(num_departments)[np.arange(num_samples) % num_departments]

# %%
model.compile(
    optimizer="adam",
    loss=["mean_squared_error", "categorical_crossentropy"],
    metrics=[["mean_absolute_error"], ["accuracy"]],
)
model.fit(list(inputs.values()), [priority_data, department_data], epochs=1, verbose=0)
model.evaluate(list(inputs.values()), [priority_data, department_data], verbose=0)

# %%
model.compile(
    optimizer="adam",
    loss={"priority": "mean_squared_error", "department": "categorical_crossentropy"},
    loss_weights={"priority": 0.9, "department": 0.1},
    metrics={"priority": ["mean_absolute_error"], "department": ["accuracy"]},
)
model.fit(inputs, {"priority": priority_data, "department": department_data}, epochs=1, verbose=0)
priority_preds, department_preds = model.predict(inputs, verbose=0)

# %%
# A further output on the features the model has learned.
features = model.layers[4].output
difficulty = layers.Dense(3, activation="softmax", name="difficulty")(features)
new_model = keras.Model(inputs=[title, text_body, tags], outputs=[priority, department, difficulty])
new_model.compile("adam", ["mse", "categorical_crossentropy", "categorical_crossentropy"])
new_model.fit(inputs, [priority_data, department_data, department_data], epochs=1, verbose=0)
[output.shape for output in new_model.outputs]
