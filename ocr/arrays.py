"""The arrays that pictures and geometry are made of. OpenCV's own annotations fit no narrower type."""

from typing import Any

from numpy.typing import NDArray

Pixels = NDArray[Any]
"""A picture: height x width x 3, uint8, BGR."""

Plane = NDArray[Any]
"""One number a dot: height x width, float32."""

Points = NDArray[Any]
"""Points in dots: n x 2, or one of them, float64."""

Matrix = NDArray[Any]
"""A projection of points: 3 x 3, or affine 2 x 3, float64."""

Chances = NDArray[Any]
"""What a network reads in a line: steps x characters, float32, each row adding up to 1."""
