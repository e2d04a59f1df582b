# Distillation: a trained teacher, a student, and the same student trained from scratch to compare.
# on the way: KG202
# check may say: KG202
# %%
import keras
import numpy as np
from keras import layers, ops

x, y = np.random.rand(64, 8, 8, 1).astype("float32"), np.arange(64) % 4


# %%
class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher = teacher
        self.student = student

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        distillation_loss = self.distillation_loss_fn(
            ops.softmax(teacher_pred / self.temperature, axis=1),
            ops.softmax(y_pred / self.temperature, axis=1),
        ) * (self.temperature**2)
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


# %%
def network(filters, name):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(filters, 3, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dense(4),
        ],
        name=name,
    )


teacher = network(8, "teacher")
student = network(2, "student")
student_scratch = keras.models.clone_model(student)

# %%
teacher.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
teacher.fit(x, y, epochs=2, verbose=0)
teacher.evaluate(x, y, verbose=0)
teacher.trainable = False

# %%
distiller = Distiller(student=student, teacher=teacher)
distiller.compile(
    optimizer=keras.optimizers.Adam(),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
    student_loss_fn=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    distillation_loss_fn=keras.losses.KLDivergence(),
    alpha=0.1,
    temperature=10,
)
kept = teacher.get_weights()[0]
distiller.fit(x, y, epochs=2, verbose=0)
distiller.evaluate(x, y, verbose=0)
assert np.array_equal(kept, teacher.get_weights()[0])

# %%
student_scratch.compile(
    "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
student_scratch.fit(x, y, epochs=2, verbose=0)
student_scratch.evaluate(x, y, verbose=0)
