"""Cells that build the models the kernel tests edit."""

from __future__ import annotations

SEQUENTIAL = """\
import numpy as np
import keras
from keras import layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(8, name="first"), layers.Dense(2, name="second")])
x = np.zeros((2, 4), "float32")
"""

FUNCTIONAL = """\
import numpy as np
import keras
from keras import layers
entry = keras.Input((4,))
hidden = layers.Dense(8, name="hidden")
head = layers.Dense(2, name="head")
model = keras.Model(entry, head(hidden(entry)))
x = np.zeros((2, 4), "float32")
"""

SHARED = """\
import numpy as np
import keras
from keras import layers
left, right = keras.Input((4,)), keras.Input((4,))
shared = layers.Dense(8, name="shared")
model = keras.Model([left, right], layers.Add()([shared(left), shared(right)]))
x = [np.zeros((2, 4), "float32")] * 2
"""

NESTED = """\
import numpy as np
import keras
from keras import layers
inner = keras.Sequential([keras.Input((4,)), layers.Dense(8, name="inside")], name="inner")
outer = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="outside")], name="outer")
x = np.zeros((2, 4), "float32")
"""
