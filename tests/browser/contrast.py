"""Contrast of texts as WCAG 2 defines it, from the styles the browser computed."""

from __future__ import annotations

import re
from typing import Any

from .conftest import Page

#: Every visible text below a node, with its colour and the backgrounds behind it, innermost first.
_COLLECT = """
const walker = document.createTreeWalker(arguments[0], NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim();
  const holder = walker.currentNode.parentElement;
  if (!text || !holder.getClientRects().length) continue;
  const behind = [];
  let opacity = 1;
  for (let node = holder; node; node = node.parentElement) {
    const style = getComputedStyle(node);
    behind.push(style.backgroundColor);
    opacity *= parseFloat(style.opacity);
  }
  found.push([text, getComputedStyle(holder).color, behind, opacity]);
}
return found;
"""


def to_rgba(text: str) -> tuple[float, float, float, float]:
    """Return a computed colour as red, green, blue (0 to 255) and alpha (0 to 1)."""
    numbers = [float(n) for n in re.findall(r"[\d.]+", text)]
    if text.startswith("color(srgb"):
        numbers = [n * 255 for n in numbers[:3]] + numbers[3:]
    red, green, blue, *alpha = numbers
    return red, green, blue, alpha[0] if alpha else 1.0


def _over(top: tuple[float, ...], bottom: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    return tuple(alpha * t + (1 - alpha) * b for t, b in zip(top[:3], bottom[:3], strict=True))


def _luminance(colour: tuple[float, ...]) -> float:
    parts = [c / 255 for c in colour[:3]]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(front: tuple[float, ...], back: tuple[float, ...]) -> float:
    """Return the contrast of two colours, 1 to 21."""
    light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def texts_of(page: Page, node: Any) -> list[tuple[str, float]]:
    """Return every visible text below a node with its contrast."""
    found = []
    for text, colour, behind, opacity in page.js(_COLLECT, node):
        back: tuple[float, ...] = (255.0, 255.0, 255.0)
        for layer in reversed(behind):
            *rgb, alpha = to_rgba(layer)
            back = _over(tuple(rgb), back, alpha)
        *rgb, alpha = to_rgba(colour)
        found.append((text, ratio(_over(tuple(rgb), back, alpha * opacity), back)))
    return found
