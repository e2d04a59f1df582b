# Cross-validation: a new model of the same name for each fold, then a last one on all data.
# %%
import keras
import numpy as np
from keras import layers

train_data, train_targets = np.random.rand(60, 5).astype("float32"), np.random.rand(60).astype("float32")
test_data, test_targets = np.random.rand(12, 5).astype("float32"), np.random.rand(12).astype("float32")
mean, std = train_data.mean(axis=0), train_data.std(axis=0)
train_data = (train_data - mean) / std
test_data = (test_data - mean) / std


# %%
def build_model():
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(8, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
    return model


# %%
k = 3
num_val_samples = len(train_data) // k
num_epochs = 2
all_scores, all_mae_histories = [], []
for i in range(k):
    val = slice(i * num_val_samples, (i + 1) * num_val_samples)
    partial_data = np.delete(train_data, np.r_[val], axis=0)
    partial_targets = np.delete(train_targets, np.r_[val], axis=0)
    model = build_model()
    history = model.fit(
        partial_data,
        partial_targets,
        validation_data=(train_data[val], train_targets[val]),
        epochs=num_epochs,
        batch_size=16,
        verbose=0,
    )
    all_mae_histories.append(history.history["val_mae"])
    all_scores.append(model.evaluate(train_data[val], train_targets[val], verbose=0)[1])

# %%
average_mae_history = [np.mean([x[i] for x in all_mae_histories]) for i in range(num_epochs)]
np.mean(all_scores)

# %%
model = build_model()
model.fit(train_data, train_targets, epochs=2, batch_size=16, verbose=0)
test_mse, test_mae = model.evaluate(test_data, test_targets, verbose=0)

# %%
predictions = model.predict(test_data, verbose=0)
predictions[0]
