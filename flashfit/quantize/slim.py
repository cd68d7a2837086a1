"""A .tflite as a microcontroller wants it: no text, and every buffer aligned."""

from pathlib import Path
from tempfile import TemporaryDirectory

from ai_edge_litert.tools import flatbuffer_utils
from tflite_micro.tensorflow.lite.micro.tools import tflite_flatbuffer_align_wrapper


def slim(tflite: bytes) -> bytes:
    """The same graph without names, signatures and metadata, its buffers aligned to 16 bytes.

    TFLM reads no names; on small models they are a sixth of the file. The converter leaves buffers at
    4-byte alignment, and optimised kernels load weights faster, or only, from aligned ones.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(tflite))
    flatbuffer_utils.strip_strings(model)
    for entry in model.metadata or ():
        model.buffers[entry.buffer].data = None
    model.metadata = None
    with TemporaryDirectory() as scratch:
        packed, aligned = Path(scratch) / "packed.tflite", Path(scratch) / "aligned.tflite"
        packed.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        tflite_flatbuffer_align_wrapper.align_tflite_model(str(packed), str(aligned))
        return aligned.read_bytes()
