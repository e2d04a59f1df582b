"""Hard graphs, each built anew by a function without arguments; ``GRAPHS`` lists them by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

GRAPHS: dict[str, Callable[[], Any]] = {}


def graph(build: Callable[[], Any]) -> Callable[[], Any]:
    """List a graph under the name of its function."""
    GRAPHS[build.__name__] = build
    return build


@keras.saving.register_keras_serializable("zoo")
class Scale(layers.Layer):
    """A custom layer with a weight and an argument of its own."""

    def __init__(self, start: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight(shape=(shape[-1],), initializer=keras.initializers.Constant(self.start))

    def call(self, x: Any) -> Any:
        return x * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


class NoConfig(layers.Layer):
    """A custom layer that no config describes."""

    def __init__(self, widths: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Dense(widths["units"])

    def build(self, shape: Any) -> None:
        self.inner.build(shape)

    def call(self, x: Any) -> Any:
        return self.inner(x)

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError


class Pair(layers.Layer):
    """A layer of two inputs and two outputs in a dict."""

    def call(self, a: Any, b: Any) -> dict[str, Any]:
        return {"sum": a + b, "difference": a - b}


class OwnModel(keras.Model):
    """A Functional with methods of its own and Keras' constructor."""

    def describe(self) -> str:
        return f"{self.count_params()} parameters"


@graph
def sequential_classic() -> Any:
    return keras.Sequential([keras.Input((8,)), layers.Dense(6, activation="relu"), layers.Dense(3)])


@graph
def sequential_named_regularized() -> Any:
    return keras.Sequential(
        [
            keras.Input((8,), name="features"),
            layers.Dense(6, kernel_regularizer=keras.regularizers.L2(1e-3), name="first"),
            layers.BatchNormalization(momentum=0.9, name="norm"),
            layers.ReLU(max_value=6.0),
            layers.Dropout(0.3),
            layers.Dense(
                3, activation="softmax", kernel_initializer=keras.initializers.HeNormal(seed=3), name="last"
            ),
        ],
        name="tabular",
    )


@graph
def sequential_conv() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", strides=(2, 1), activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


@graph
def sequential_nested() -> Any:
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(6), layers.Dense(5)], name="inner")
    return keras.Sequential([keras.Input((8,)), inner, layers.Dense(3)])


@graph
def sequential_shared_twice() -> Any:
    twice = layers.Dense(8, name="twice")
    return keras.Sequential([keras.Input((8,)), twice, layers.ReLU(), twice])


@graph
def functional_chain() -> Any:
    i = keras.Input((8,))
    return keras.Model(i, layers.Dense(3)(layers.Dense(6, activation="relu")(i)))


@graph
def functional_branches() -> Any:
    i = keras.Input((8,))
    a, b = layers.Dense(6, name="a")(i), layers.Dense(6, name="b")(i)
    return keras.Model(i, layers.Dense(2)(layers.Concatenate()([a, b])))


@graph
def residual() -> Any:
    i = keras.Input((6,))
    x = layers.Dense(6)(i)
    x = layers.Add()([x, i])
    y = layers.Dense(6)(x)
    return keras.Model(i, layers.Dense(2)(layers.Add()([x, y])))


@graph
def shared_two_branches() -> Any:
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    shared = layers.Dense(4, name="shared")
    return keras.Model([a, b], layers.Dense(1)(layers.Subtract()([shared(a), shared(b)])))


@graph
def multi_in_multi_out() -> Any:
    a, b = keras.Input((5,), name="a"), keras.Input((4,), name="b")
    x = layers.Dense(6)(layers.Concatenate()([a, b]))
    return keras.Model([a, b], [layers.Dense(2, name="p")(x), layers.Dense(1, name="q")(x)])


@graph
def dict_in_dict_out() -> Any:
    inputs = {"left": keras.Input((5,), name="left"), "right": keras.Input((5,), name="right")}
    x = layers.Add()([inputs["left"], inputs["right"]])
    x = layers.Dense(4)(x)
    return keras.Model(inputs, {"score": layers.Dense(1, name="score")(x), "code": x})


@graph
def nested_functional() -> Any:
    i = keras.Input((8,))
    encoder = keras.Model(i, layers.Dense(4, name="code")(layers.Dense(6)(i)), name="encoder")
    o = keras.Input((8,))
    return keras.Model(o, layers.Dense(8, name="decoded")(encoder(o)), name="autoencoder")


@graph
def nested_three_deep() -> Any:
    core = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="deep")], name="core")
    i = keras.Input((4,))
    middle = keras.Model(i, layers.Dense(4)(core(i)), name="middle")
    o = keras.Input((4,))
    return keras.Model(o, layers.Dense(2)(middle(o)))


@graph
def shared_model() -> Any:
    tower = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.Dense(3)], name="tower")
    a, b = keras.Input((5,)), keras.Input((5,))
    return keras.Model([a, b], layers.Dot(axes=1)([tower(a), tower(b)]))


@graph
def layer_inside_and_outside() -> Any:
    shared = layers.Dense(5, name="shared")
    inner = keras.Sequential([keras.Input((5,)), shared, layers.ReLU()], name="inner")
    i = keras.Input((5,))
    return keras.Model(i, layers.Dense(2)(inner(shared(i))))


@graph
def raw_ops() -> Any:
    i = keras.Input((6,))
    x = layers.Dense(6)(i)
    x = ops.tanh(x) * 2.0 + ops.mean(i, axis=-1, keepdims=True)
    return keras.Model(i, layers.Dense(2)(x))


@graph
def slicing_and_reshape() -> Any:
    i = keras.Input((6, 4))
    first = i[:, 0]
    rest = ops.reshape(i[:, 1:, ::2], (-1, 10))
    return keras.Model(i, layers.Dense(3)(ops.concatenate([first, rest], axis=1)))


@graph
def einsum_and_stack() -> Any:
    i = keras.Input((3, 4))
    x = ops.einsum("bij,bkj->bik", i, i)
    y = ops.stack([x, x * 0.5], axis=-1)
    return keras.Model(i, layers.Dense(2)(layers.Flatten()(y)))


@graph
def masked_embedding() -> Any:
    i = keras.Input((7,), dtype="int32")
    x = layers.Embedding(12, 5, mask_zero=True)(i)
    x = layers.LSTM(4)(x)
    return keras.Model(i, layers.Dense(2)(x))


@graph
def masking_and_pooling() -> Any:
    i = keras.Input((7, 3))
    x = layers.Masking()(i)
    x = layers.GRU(4, return_sequences=True)(x)
    return keras.Model(i, layers.GlobalAveragePooling1D()(x))


@graph
def attention_thrice() -> Any:
    i = keras.Input((5, 8))
    x = layers.MultiHeadAttention(2, 4)(i, i, i)
    x = layers.LayerNormalization()(layers.Add()([i, x]))
    return keras.Model(i, layers.GlobalAveragePooling1D()(x))


@graph
def attention_with_mask() -> Any:
    i, m = keras.Input((5, 8)), keras.Input((5, 5), dtype="bool")
    x = layers.MultiHeadAttention(2, 4)(i, i, attention_mask=m, use_causal_mask=True)
    return keras.Model([i, m], layers.Dense(2)(x))


@graph
def bidirectional_wrapper() -> Any:
    i = keras.Input((6, 3))
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(i)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    return keras.Model(i, layers.Bidirectional(layers.GRU(2), merge_mode="sum")(x))


@graph
def rnn_with_cells() -> Any:
    i = keras.Input((6, 3))
    return keras.Model(i, layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])(i))


@graph
def encoder_decoder_states() -> Any:
    e, d = keras.Input((6, 3)), keras.Input((4, 2))
    _, h, c = layers.LSTM(5, return_state=True, name="encode")(e)
    y = layers.LSTM(5, return_sequences=True, name="decode")(d, initial_state=[h, c])
    return keras.Model([e, d], layers.Dense(2)(y))


@graph
def training_argument() -> Any:
    i = keras.Input((6,))
    x = layers.BatchNormalization()(i, training=False)
    x = layers.Dropout(0.5)(x, training=False)
    return keras.Model(i, layers.Dense(2)(x))


@graph
def custom_layer() -> Any:
    i = keras.Input((6,))
    return keras.Model(i, layers.Dense(2)(Scale(3.0, name="scale")(i)))


@graph
def layer_without_config() -> Any:
    i = keras.Input((6,))
    return keras.Model(i, layers.Dense(2)(NoConfig({"units": 4})(i)))


@graph
def lambda_layer() -> Any:
    i = keras.Input((6,))
    x = layers.Lambda(lambda t: t * 2.0, name="double")(i)
    return keras.Model(i, layers.Dense(2)(x))


@graph
def dict_layer() -> Any:
    a, b = keras.Input((4,)), keras.Input((4,))
    both = Pair()(a, b)
    return keras.Model([a, b], layers.Dense(2)(layers.Concatenate()([both["sum"], both["difference"]])))


@graph
def adapted_normalization() -> Any:
    import numpy as np

    norm = layers.Normalization()
    norm.adapt(np.arange(24, dtype="float32").reshape(6, 4))
    i = keras.Input((4,))
    return keras.Model(i, layers.Dense(2)(norm(i)))


@graph
def fixed_normalization() -> Any:
    i = keras.Input((4,))
    return keras.Model(
        i, layers.Dense(2)(layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 2.0, 1.0, 2.0])(i))
    )


@graph
def frozen_base() -> Any:
    base = keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.Dense(4)], name="base")
    base.trainable = False
    i = keras.Input((6,))
    return keras.Model(i, layers.Dense(2)(base(i, training=False)))


@graph
def mixed_dtypes() -> Any:
    i = keras.Input((6,))
    x = layers.Dense(5, dtype="mixed_float16")(i)
    return keras.Model(i, layers.Dense(2, dtype="float32")(x))


@graph
def spectral_norm() -> Any:
    i = keras.Input((6,))
    return keras.Model(i, layers.SpectralNormalization(layers.Dense(4))(i))


@graph
def separable_and_groups() -> Any:
    i = keras.Input((8, 8, 4))
    x = layers.SeparableConv2D(6, 3)(i)
    x = layers.GroupNormalization(groups=2)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2)(x)
    return keras.Model(i, layers.GlobalMaxPooling2D()(x))


@graph
def unet() -> Any:
    i = keras.Input((8, 8, 2))
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(i)
    b = layers.Conv2D(6, 3, padding="same")(layers.MaxPooling2D()(a))
    c = layers.Concatenate()([layers.UpSampling2D()(b), a])
    return keras.Model(i, layers.Conv2D(1, 1)(c))


@graph
def own_model_class() -> Any:
    i = keras.Input((6,))
    return OwnModel(i, layers.Dense(2)(layers.Dense(4)(i)), name="own")


@graph
def strange_names() -> Any:
    i = keras.Input((6,), name="in put")
    x = layers.Dense(4, name='it"s')(i)
    return keras.Model(i, layers.Dense(2, name="class")(x), name="for")


@graph
def input_is_output() -> Any:
    i = keras.Input((4,))
    x = layers.Dense(4)(i)
    return keras.Model(i, [x, i, x])


@graph
def reused_tensor_many_times() -> Any:
    i = keras.Input((4,))
    x = layers.Dense(4)(i)
    return keras.Model(i, layers.Multiply()([x, x, i, x]))


@graph
def activity_and_constraints() -> Any:
    i = keras.Input((6,))
    x = layers.Dense(4, activity_regularizer=keras.regularizers.L1(0.01), kernel_constraint="max_norm")(i)
    return keras.Model(i, layers.Dense(2, activation=keras.activations.swish, bias_initializer="ones")(x))


@graph
def fixed_batch() -> Any:
    i = keras.Input(batch_shape=(2, 6))
    return keras.Model(i, layers.Dense(2)(layers.Dense(4)(i)))


@graph
def stateful_rnn() -> Any:
    i = keras.Input(batch_shape=(2, 5, 3))
    return keras.Model(i, layers.LSTM(4, stateful=True)(i))


@graph
def foreign_nodes() -> Any:
    i = keras.Input((6,))
    dense = layers.Dense(4)
    dense(keras.Input((6,)))
    m = keras.Model(i, layers.Dense(2)(dense(i)))
    dense(keras.Input((6,)))
    return m


@graph
def long_chain() -> Any:
    i = keras.Input((4,))
    x = i
    for _ in range(45):
        x = layers.Dense(4)(x)
    return keras.Model(i, x)


@graph
def conv_transpose_1d_3d() -> Any:
    i = keras.Input((4, 4, 4, 1))
    x = layers.Conv3D(2, 2)(i)
    x = layers.Conv3DTranspose(2, 2)(x)
    return keras.Model(i, layers.GlobalAveragePooling3D()(x))


@graph
def permute_repeat_crop() -> Any:
    i = keras.Input((6,))
    x = layers.RepeatVector(4)(layers.Dense(5)(i))
    x = layers.Permute((2, 1))(x)
    x = layers.Cropping1D(1)(layers.ZeroPadding1D(2)(x))
    return keras.Model(i, layers.Dense(2)(layers.Flatten()(x)))


@graph
def prelu_and_gaussian() -> Any:
    i = keras.Input((6,))
    x = layers.PReLU()(layers.GaussianNoise(0.2)(layers.Dense(5)(i)))
    return keras.Model(i, layers.UnitNormalization()(x))


@graph
def lora_dense() -> Any:
    i = keras.Input((6,))
    dense = layers.Dense(5)
    m = keras.Model(i, layers.Dense(2)(dense(i)))
    dense.enable_lora(2)
    return m


@graph
def tied_embedding() -> Any:
    i = keras.Input((5,), dtype="int32")
    table = layers.ReversibleEmbedding(11, 6) if hasattr(layers, "ReversibleEmbedding") else None
    if table is None:
        return keras.Model(i, layers.Embedding(11, 6)(i))
    return keras.Model(i, table(table(i), reverse=True))


@graph
def constant_in_graph() -> Any:
    i = keras.Input((4,))
    return keras.Model(i, layers.Dense(2)(i * ops.convert_to_tensor([1.0, 2.0, 3.0, 4.0])))


@graph
def discretization_and_hashing() -> Any:
    i = keras.Input((3,))
    x = layers.Discretization(bin_boundaries=[0.2, 0.5, 0.8])(i)
    x = layers.CategoryEncoding(num_tokens=4, output_mode="multi_hot")(x)
    return keras.Model(i, layers.Dense(2)(x))


@graph
def rescaling_and_augmentation() -> Any:
    i = keras.Input((8, 8, 3))
    x = layers.RandomFlip(seed=1)(layers.Rescaling(1 / 255.0)(i))
    return keras.Model(i, layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.Conv2D(3, 2)(x))))


@graph
def two_outputs_of_one_layer() -> Any:
    i = keras.Input((6, 3))
    sequence, state = layers.GRU(4, return_sequences=True, return_state=True)(i)
    return keras.Model(i, [sequence, state])


@graph
def functional_in_sequential() -> Any:
    i = keras.Input((6,))
    branchy = keras.Model(i, layers.Add()([layers.Dense(4)(i), layers.Dense(4)(i)]), name="branchy")
    return keras.Sequential([keras.Input((6,)), branchy, layers.Dense(2)])


@graph
def time_distributed_model() -> Any:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="inner")
    i = keras.Input((5, 4))
    return keras.Model(i, layers.Dense(2)(layers.TimeDistributed(inner)(i)))


@graph
def where_and_compare() -> Any:
    i = keras.Input((4,))
    x = layers.Dense(4)(i)
    return keras.Model(i, ops.where(x > 0, x, i - 1.0))


@graph
def split_and_expand() -> Any:
    i = keras.Input((6,))
    a, b = ops.split(layers.Dense(6)(i), 2, axis=-1)
    return keras.Model(i, ops.squeeze(ops.expand_dims(a * b, 1), 1))


@graph
def optional_activation_objects() -> Any:
    i = keras.Input((6,))
    x = layers.Activation(keras.activations.gelu)(layers.Dense(4)(i))
    return keras.Model(i, layers.LeakyReLU(negative_slope=0.1)(x))


@graph
def gan_stack() -> Any:
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(6, activation="relu"), layers.Dense(4)], name="generator"
    )
    critic = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.Dense(1)], name="critic")
    critic.trainable = False
    return keras.Sequential([keras.Input((3,)), generator, critic], name="gan")


class Sampling(layers.Layer):
    """An unregistered layer with a seed of its own; in inference it takes the mean."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, mean: Any, spread: Any, training: bool = False) -> Any:
        if not training:
            return mean
        return mean + ops.exp(spread) * keras.random.normal(ops.shape(mean), seed=self.seeds)


@graph
def vae() -> Any:
    i = keras.Input((6,))
    h = layers.Dense(5, activation="relu", name="encode")(i)
    mean, spread = layers.Dense(2, name="mean")(h), layers.Dense(2, name="spread")(h)
    z = Sampling(name="sample")(mean, spread)
    return keras.Model(i, [layers.Dense(6, name="decode")(z), mean, spread], name="vae")


@graph
def transformer_block() -> Any:
    i = keras.Input((7,), dtype="int32")
    x = layers.Embedding(20, 8, name="tokens")(i) + layers.Embedding(7, 8, name="places")(ops.arange(7))
    a = layers.MultiHeadAttention(2, 4, name="attention")(x, x, use_causal_mask=True)
    x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, a]))
    f = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, f]))
    return keras.Model(i, layers.Dense(20, name="next")(x))


@graph
def quantized() -> Any:
    i = keras.Input((6,))
    dense = layers.Dense(4)
    m = keras.Model(i, layers.Dense(2)(dense(i)))
    dense.quantize("int8")
    return m


@graph
def names_twice() -> Any:
    inner = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, name="same"), layers.ReLU(name="act")], name="inner"
    )
    i = keras.Input((4,))
    return keras.Model(i, layers.ReLU(name="act")(inner(layers.Dense(4, name="same")(i))))


@graph
def dict_outputs_compiled() -> Any:
    i = keras.Input((5,))
    x = layers.Dense(4, name="trunk")(i)
    m = keras.Model(i, {"class": layers.Dense(3, name="c")(x), "size": layers.Dense(1, name="s")(x)})
    m.compile("adam", {"class": "sparse_categorical_crossentropy", "size": "mse"}, metrics={"size": ["mae"]})
    return m


@graph
def text_vectorization() -> Any:
    vectorize = layers.TextVectorization(output_mode="int", output_sequence_length=4)
    vectorize.adapt(["a b c", "b c d"])
    i = keras.Input((1,), dtype="string")
    return keras.Model(
        i, layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.Embedding(8, 3)(vectorize(i))))
    )


@graph
def seq_without_input() -> Any:
    m = keras.Sequential([layers.Dense(4), layers.Dense(2)])
    m.build((None, 6))
    return m
