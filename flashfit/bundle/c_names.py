"""Values as C++ writes them."""

import re

_AS_TFLM_WRITES = {"2D": "2D", "LSTM": "LSTM"}


def identifier(name: str) -> str:
    """A registered model's name as a C++ identifier: `digits.nano33ble` is digits_nano33ble."""
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned


def resolver_call(operator: str) -> str:
    """The method of MicroMutableOpResolver that adds an operator: `CONV_2D` is AddConv2D."""
    return "Add" + "".join(_AS_TFLM_WRITES.get(part, part.capitalize()) for part in operator.split("_"))


def c_type(dtype: str) -> str:
    """A stored value's type by NumPy's name for it: `int16` is std::int16_t."""
    return "float" if dtype == "float32" else f"std::{dtype}_t"


def c_string(text: str) -> str:
    """A C string literal, UTF-8; anything outside printable ASCII as three-digit octal escapes."""
    plain = {ord('"'): '\\"', ord("\\"): "\\\\", ord("?"): "\\?"}
    body = "".join(plain.get(byte, chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in text.encode())
    return f'"{body}"'


def c_float(value: float) -> str:
    """A float literal that reads back to the same float32."""
    text = f"{value:.9g}"
    return f"{text}f" if re.search(r"[.e]", text) else f"{text}.0f"


def hex_byte(value: int) -> str:
    """One byte of an array: 0x00 to 0xff."""
    return f"0x{value:02x}"
