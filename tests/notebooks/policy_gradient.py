# Policy gradients and an actor with a critic, both trained by tapes.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

num_inputs, num_actions, gamma = 4, 2, 0.9

# %%
model = keras.Sequential(
    [keras.Input((num_inputs,)), layers.Dense(5, activation="elu"), layers.Dense(1, activation="sigmoid")]
)
optimizer = keras.optimizers.Nadam(learning_rate=0.01)
loss_fn = keras.losses.binary_crossentropy


def play_one_step(obs):
    with tf.GradientTape() as tape:
        left_proba = model(obs[np.newaxis])
        action = tf.random.uniform([1, 1]) > left_proba
        y_target = tf.constant([[1.0]]) - tf.cast(action, tf.float32)
        loss = tf.reduce_mean(loss_fn(y_target, left_proba))
    return (
        np.random.rand(num_inputs).astype("float32"),
        float(action[0, 0]),
        tape.gradient(loss, model.trainable_variables),
    )


# %%
for iteration in range(2):
    all_grads, all_rewards = [], []
    obs = np.random.rand(num_inputs).astype("float32")
    for step in range(4):
        obs, reward, grads = play_one_step(obs)
        all_rewards.append(reward)
        all_grads.append(grads)
    mean_grads = [
        tf.reduce_mean([r * grads[i] for r, grads in zip(all_rewards, all_grads)], axis=0)
        for i in range(len(model.trainable_variables))
    ]
    optimizer.apply_gradients(zip(mean_grads, model.trainable_variables))

# %%
inputs = layers.Input(shape=(num_inputs,))
common = layers.Dense(8, activation="relu")(inputs)
action = layers.Dense(num_actions, activation="softmax")(common)
critic = layers.Dense(1)(common)
model = keras.Model(inputs=inputs, outputs=[action, critic])
optimizer = keras.optimizers.Adam(learning_rate=0.01)
huber_loss = keras.losses.Huber()

# %%
for episode in range(2):
    action_probs_history, critic_value_history, rewards_history = [], [], []
    with tf.GradientTape() as tape:
        state = np.random.rand(1, num_inputs).astype("float32")
        for timestep in range(4):
            action_probs, critic_value = model(state)
            critic_value_history.append(critic_value[0, 0])
            action = np.random.choice(
                num_actions, p=np.squeeze(action_probs) / np.squeeze(action_probs).sum()
            )
            action_probs_history.append(keras.ops.log(action_probs[0, action]))
            state = np.random.rand(1, num_inputs).astype("float32")
            rewards_history.append(float(state[0, action]))
        returns, discounted_sum = [], 0.0
        for r in rewards_history[::-1]:
            discounted_sum = r + gamma * discounted_sum
            returns.insert(0, discounted_sum)
        actor_losses = [
            -p * (ret - v) for p, v, ret in zip(action_probs_history, critic_value_history, returns)
        ]
        critic_losses = [huber_loss([[v]], [[ret]]) for v, ret in zip(critic_value_history, returns)]
        loss_value = sum(actor_losses) + sum(critic_losses)
    grads = tape.gradient(loss_value, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    action_probs_history.clear()
    critic_value_history.clear()

# %%
[weight.shape for weight in model.trainable_variables]
