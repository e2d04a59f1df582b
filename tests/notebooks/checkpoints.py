# Saving and restoring: checkpoints while training, weights, whole models, and a model made again for the weights.
# %%
import os
import tempfile

import keras
import numpy as np
import tensorflow as tf

folder = tempfile.mkdtemp()
x, y = np.random.rand(60, 6).astype("float32"), np.arange(60) % 3


# %%
def create_model():
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3),
        ]
    )
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    return model


model = create_model()
model.summary()

# %%
checkpoint_path = os.path.join(folder, "cp.weights.h5")
cp_callback = keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, save_weights_only=True, verbose=0)
model.fit(x, y, epochs=2, validation_data=(x, y), callbacks=[cp_callback], verbose=0)
loss, acc = model.evaluate(x, y, verbose=0)

# %%
model = create_model()
untrained = model.evaluate(x, y, verbose=0)
model.load_weights(checkpoint_path)
assert np.allclose(model.evaluate(x, y, verbose=0), [loss, acc])

# %%
best_path = os.path.join(folder, "best.keras")
model = create_model()
model.fit(
    x,
    y,
    epochs=2,
    validation_split=0.2,
    verbose=0,
    callbacks=[keras.callbacks.ModelCheckpoint(best_path, save_best_only=True, monitor="val_loss")],
)
model = keras.models.load_model(best_path)
model.fit(x, y, epochs=1, verbose=0)

# %%
model = create_model()
checkpoint = tf.train.Checkpoint(model=model)
manager = tf.train.CheckpointManager(checkpoint, os.path.join(folder, "tf"), max_to_keep=2)
model.fit(x, y, epochs=1, verbose=0)
manager.save()
kept = model.get_weights()[0]
model.fit(x, y, epochs=1, verbose=0)
checkpoint.restore(manager.latest_checkpoint)
assert np.array_equal(kept, model.get_weights()[0])

# %%
model.export(os.path.join(folder, "served"), verbose=False)
reloaded = tf.saved_model.load(os.path.join(folder, "served"))
reloaded.serve(x[:2]).shape
