# Tables: preprocessing layers adapted to the data, in the dataset and inside an exported model.
# %%
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

frame = pd.DataFrame(
    {
        "age": np.random.randint(20, 70, 80),
        "fare": np.random.rand(80) * 100,
        "town": np.random.choice(["north", "south", "west"], 80),
        "deck": np.random.randint(0, 4, 80),
        "target": np.arange(80) % 2,
    }
)
train, val = frame[:60], frame[60:]


# %%
def df_to_dataset(dataframe, shuffle=True, batch_size=20):
    df = dataframe.copy()
    labels = df.pop("target")
    ds = tf.data.Dataset.from_tensor_slices(({k: v.to_numpy()[:, None] for k, v in df.items()}, labels))
    if shuffle:
        ds = ds.shuffle(buffer_size=len(dataframe))
    return ds.batch(batch_size).prefetch(1)


train_ds, val_ds = df_to_dataset(train), df_to_dataset(val, shuffle=False)


# %%
def get_normalization_layer(name, dataset):
    normalizer = layers.Normalization(axis=None)
    normalizer.adapt(dataset.map(lambda x, y: x[name]))
    return normalizer


def get_category_encoding_layer(name, dataset, dtype):
    index = layers.StringLookup() if dtype == "string" else layers.IntegerLookup()
    index.adapt(dataset.map(lambda x, y: x[name]))
    encoder = layers.CategoryEncoding(num_tokens=index.vocabulary_size(), output_mode="multi_hot")
    return lambda feature: encoder(index(feature))


# %%
all_inputs, encoded_features = {}, []
for header in ["age", "fare"]:
    numeric_col = keras.Input(shape=(1,), name=header)
    normalization_layer = get_normalization_layer(header, train_ds)
    all_inputs[header] = numeric_col
    encoded_features.append(normalization_layer(numeric_col))
for header, dtype in (("town", "string"), ("deck", "int64")):
    categorical_col = keras.Input(shape=(1,), name=header, dtype=dtype)
    encoding_layer = get_category_encoding_layer(header, train_ds, dtype)
    all_inputs[header] = categorical_col
    encoded_features.append(encoding_layer(categorical_col))

# %%
all_features = layers.concatenate(encoded_features)
x = layers.Dense(8, activation="relu")(all_features)
x = layers.Dropout(0.5)(x)
output = layers.Dense(1)(x)
model = keras.Model(all_inputs, output)
model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(train_ds, epochs=2, validation_data=val_ds, verbose=0)

# %%
# One normalizer for a linear model and for a deep one.
numbers = train[["age", "fare"]].to_numpy().astype("float32")
normalizer = layers.Normalization(axis=-1)
normalizer.adapt(numbers)
linear_model = keras.Sequential([keras.Input((2,)), normalizer, layers.Dense(1)])
linear_model.predict(numbers[:10], verbose=0)
linear_model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.1), loss="mean_absolute_error")
linear_model.fit(numbers, train["target"], epochs=1, verbose=0)
dnn_model = keras.Sequential([normalizer, layers.Dense(8, activation="relu"), layers.Dense(1)])
dnn_model.compile(optimizer="adam", loss="mean_absolute_error")
dnn_model.fit(numbers, train["target"], epochs=1, verbose=0)

# %%
sample = {"age": 30, "fare": 12.5, "town": "north", "deck": 2}
float(
    keras.ops.sigmoid(model.predict({k: tf.convert_to_tensor([[v]]) for k, v in sample.items()}, verbose=0))[
        0, 0
    ]
)
