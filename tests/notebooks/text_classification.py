# Texts: vectorization inside and outside of the model, three architectures under one name, and an export.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

words = "the film plot actor was is very good bad great dull long".split()
texts = np.array([" ".join(np.random.choice(words, 8)) for _ in range(60)])
labels = np.arange(60) % 2
raw_train_ds = tf.data.Dataset.from_tensor_slices((texts, labels)).batch(20)
max_tokens, sequence_length = 20, 8


# %%
def custom_standardization(input_data):
    return tf.strings.regex_replace(tf.strings.lower(input_data), "[^a-z ]", "")


vectorize_layer = layers.TextVectorization(
    standardize=custom_standardization, max_tokens=max_tokens, output_sequence_length=sequence_length
)
vectorize_layer.adapt(raw_train_ds.map(lambda text, label: text))
train_ds = raw_train_ds.map(lambda text, label: (vectorize_layer(text), label))

# %%
model = keras.Sequential(
    [
        layers.Embedding(max_tokens, 8),
        layers.Dropout(0.2),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.2),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    loss=keras.losses.BinaryCrossentropy(),
    optimizer="adam",
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.5)],
)
history = model.fit(train_ds, validation_data=train_ds, epochs=2, verbose=0)
model.summary()

# %%
export_model = keras.Sequential([vectorize_layer, model])
export_model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer="adam", metrics=["accuracy"])
metrics = export_model.evaluate(raw_train_ds, return_dict=True, verbose=0)
export_model.predict(tf.constant(["the film was great", "the plot was dull"]), verbose=0)

# %%
inputs = keras.Input(shape=(None,), dtype="int64")
embedded = layers.Embedding(input_dim=max_tokens, output_dim=8, mask_zero=True)(inputs)
x = layers.Bidirectional(layers.LSTM(4))(embedded)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(train_ds, epochs=1, verbose=0)

# %%
inputs = keras.Input(shape=(None,), dtype="int64")
x = layers.Embedding(max_tokens, 8)(inputs)
x = layers.Conv1D(8, 3, padding="valid", activation="relu")(x)
x = layers.GlobalMaxPooling1D()(x)
x = layers.Dense(8, activation="relu")(x)
predictions = layers.Dense(1, activation="sigmoid", name="predictions")(x)
model = keras.Model(inputs, predictions)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(train_ds, epochs=1, verbose=0)

# %%
inputs = keras.Input(shape=(1,), dtype="string")
end_to_end_model = keras.Model(inputs, model(vectorize_layer(inputs)))
end_to_end_model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
end_to_end_model.evaluate(raw_train_ds, verbose=0)
