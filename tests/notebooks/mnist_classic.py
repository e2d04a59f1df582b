# Digits: the first model of every course, trained, saved and loaded.
# %%
import tempfile

import keras
import numpy as np
from keras import layers

# %%
x_train = np.random.randint(0, 256, (128, 28, 28)).astype("uint8")
y_train = np.arange(128) % 10
x_test, y_test = x_train[:32], y_train[:32]
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
x_train, x_test = np.expand_dims(x_train, -1), np.expand_dims(x_test, -1)
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

# %%
model = keras.Sequential()
model.add(keras.Input((28, 28, 1)))
model.add(layers.Conv2D(4, 3, activation="relu"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %%
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=2, validation_split=0.25, verbose=0)
history.history["val_accuracy"]

# %%
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])

# %%
# The model is good enough to keep: model.layers and its weights go into one file.

# %%
path = tempfile.mkdtemp() + "/digits.keras"
model.save(path)
del model
model = keras.models.load_model(path)
assert np.allclose(model.evaluate(x_test, y_test, verbose=0), score)

# %%
predictions = model.predict(x_test, verbose=0)
np.argmax(predictions[0])
