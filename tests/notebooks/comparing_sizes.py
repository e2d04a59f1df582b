# Overfitting: models of several sizes trained by one function, with a schedule made once for all.
# %%
import keras
import numpy as np
from keras import layers, regularizers

x, y = np.random.rand(80, 10).astype("float32"), np.arange(80)[:, None] % 2
STEPS_PER_EPOCH = 4
lr_schedule = keras.optimizers.schedules.InverseTimeDecay(
    0.001, decay_steps=STEPS_PER_EPOCH * 10, decay_rate=1, staircase=False
)


# %%
def get_optimizer():
    return keras.optimizers.Adam(lr_schedule)


def get_callbacks(name):
    return [keras.callbacks.EarlyStopping(monitor="val_binary_crossentropy", patience=2)]


def compile_and_fit(model, name, optimizer=None, max_epochs=1):
    if optimizer is None:
        optimizer = get_optimizer()
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryCrossentropy(from_logits=True, name="binary_crossentropy"), "accuracy"],
    )
    return model.fit(
        x, y, batch_size=20, epochs=max_epochs, validation_split=0.2, callbacks=get_callbacks(name), verbose=0
    )


# %%
size_histories = {}
tiny_model = keras.Sequential([keras.Input((10,)), layers.Dense(4, activation="elu"), layers.Dense(1)])
size_histories["Tiny"] = compile_and_fit(tiny_model, "sizes/Tiny")

# %%
small_model = keras.Sequential(
    [layers.Dense(8, activation="elu", input_shape=(10,)), layers.Dense(8, activation="elu"), layers.Dense(1)]
)
size_histories["Small"] = compile_and_fit(small_model, "sizes/Small")

# %%
l2_model = keras.Sequential(
    [
        keras.Input((10,)),
        layers.Dense(8, activation="elu", kernel_regularizer=regularizers.l2(0.001)),
        layers.Dense(1),
    ]
)
regularizer_histories = {"Tiny": size_histories["Tiny"]}
regularizer_histories["l2"] = compile_and_fit(l2_model, "regularizers/l2")
result = l2_model(x)
regularization_loss = np.add.reduce([float(loss) for loss in l2_model.losses])

# %%
for rate in (0.2, 0.5):
    combined_model = keras.Sequential(
        [keras.Input((10,)), layers.Dense(8, activation="elu"), layers.Dropout(rate), layers.Dense(1)]
    )
    regularizer_histories[f"dropout {rate}"] = compile_and_fit(combined_model, f"regularizers/dropout{rate}")

# %%
model = small_model
model.evaluate(x, y, verbose=0)
sorted(regularizer_histories)
