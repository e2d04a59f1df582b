# An application of Keras as the base: features first, then all but its last blocks frozen.
# %%
import keras
import numpy as np
from keras.applications import MobileNetV2
from keras.applications.mobilenet_v2 import preprocess_input
from keras.layers import Dense, Dropout, GlobalAveragePooling2D
from keras.models import Model

x_train = preprocess_input(np.random.randint(0, 256, (8, 32, 32, 3)).astype("float32"))
y_train = keras.utils.to_categorical(np.arange(8) % 3, 3)

# %%
conv_base = MobileNetV2(weights=None, include_top=False, alpha=0.35, input_shape=(32, 32, 3))
features = conv_base.predict(x_train, verbose=0)
features.shape

# %%
x = GlobalAveragePooling2D()(conv_base.output)
x = Dense(16, activation="relu")(x)
x = Dropout(0.5)(x)
predictions = Dense(3, activation="softmax")(x)
model = Model(inputs=conv_base.input, outputs=predictions)
for layer in conv_base.layers:
    layer.trainable = False
model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
model.fit(x_train, y_train, batch_size=4, epochs=1, verbose=0)

# %%
for i, layer in enumerate(conv_base.layers[-6:]):
    print(i, layer.name)

# %%
for layer in model.layers[:-12]:
    layer.trainable = False
for layer in model.layers[-12:]:
    if not isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = True
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=1e-4, momentum=0.9), loss="categorical_crossentropy"
)
first = model.get_layer("Conv1").get_weights()[0]
model.fit(x_train, y_train, batch_size=4, epochs=1, verbose=0)
assert np.array_equal(first, model.get_layer("Conv1").get_weights()[0])

# %%
model.predict(x_train[:2], verbose=0)
