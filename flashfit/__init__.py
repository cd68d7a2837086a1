"""flashfit: neural networks that fit a microcontroller, in a bundle firmware teams can trust."""

__version__ = "0.1.0"
