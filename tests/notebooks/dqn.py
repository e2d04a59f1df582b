# Deep Q-learning: a target network which gets the weights from time to time, and double learning afterwards.
# %%
from collections import deque

import keras
import numpy as np
import tensorflow as tf

np.random.seed(3)
input_shape, n_outputs = (4,), 2

# %%
model = keras.models.Sequential(
    [
        keras.Input(input_shape),
        keras.layers.Dense(8, activation="elu"),
        keras.layers.Dense(8, activation="elu"),
        keras.layers.Dense(n_outputs),
    ]
)
target = keras.models.clone_model(model)
target.set_weights(model.get_weights())


# %%
def epsilon_greedy_policy(state, epsilon=0.0):
    if np.random.rand() < epsilon:
        return np.random.randint(n_outputs)
    return int(model.predict(state[np.newaxis], verbose=0)[0].argmax())


replay_buffer = deque(maxlen=100)


def play_one_step(state, epsilon):
    action = epsilon_greedy_policy(state, epsilon)
    next_state = np.clip(state + np.random.normal(size=4) * 0.1, -1, 1)
    reward, done = float(next_state[action]), bool(np.random.rand() < 0.1)
    replay_buffer.append((state, action, reward, next_state, done))
    return next_state, done


# %%
batch_size, discount_rate = 8, 0.95
optimizer = keras.optimizers.Adam(learning_rate=1e-3)
loss_fn = keras.losses.MeanSquaredError()


def training_step(batch_size, double=False):
    batch = [replay_buffer[i] for i in np.random.randint(len(replay_buffer), size=batch_size)]
    states, actions, rewards, next_states, dones = (np.array([row[i] for row in batch]) for i in range(5))
    if double:
        best = model.predict(next_states, verbose=0).argmax(axis=1)
        max_next = (target.predict(next_states, verbose=0) * np.eye(n_outputs)[best]).sum(axis=1)
    else:
        max_next = target.predict(next_states, verbose=0).max(axis=1)
    target_q = (rewards + (1 - dones) * discount_rate * max_next).reshape(-1, 1)
    mask = tf.one_hot(actions, n_outputs)
    with tf.GradientTape() as tape:
        q_values = tf.reduce_sum(model(states.astype("float32")) * mask, axis=1, keepdims=True)
        loss = tf.reduce_mean(loss_fn(target_q, q_values))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return float(loss)


# %%
rewards, losses = [], []
for episode in range(4):
    state = np.random.rand(4)
    for step in range(8):
        state, done = play_one_step(state, max(1 - episode / 4, 0.01))
        if done:
            break
    if len(replay_buffer) >= batch_size:
        losses.append(training_step(batch_size))
    if episode % 2 == 0:
        target.set_weights(model.get_weights())

# %%
# Double learning, with soft updates of the target.
for episode in range(2):
    state, _ = play_one_step(np.random.rand(4), 0.5)
    losses.append(training_step(batch_size, double=True))
    target.set_weights([0.9 * t + 0.1 * o for t, o in zip(target.get_weights(), model.get_weights())])
len(losses)

# %%
# A dueling network under the same name.
input_states = keras.layers.Input(shape=(4,))
hidden = keras.layers.Dense(8, activation="elu")(input_states)
state_values = keras.layers.Dense(1)(hidden)
raw_advantages = keras.layers.Dense(n_outputs)(hidden)
advantages = raw_advantages - keras.ops.max(raw_advantages, axis=1, keepdims=True)
model = keras.models.Model(inputs=[input_states], outputs=[state_values + advantages])
target = keras.models.clone_model(model)
target.set_weights(model.get_weights())
optimizer = keras.optimizers.Nadam(learning_rate=1e-3)
training_step(batch_size)
