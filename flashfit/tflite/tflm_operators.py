"""Which operators TFLM has: those that the interpreter of tflite-micro 0.dev20261023182759 finds.

Derived by asking it to load, for each code in the schema, a model of that one operator: where TFLM lacks it, it says
so before anything else. tests/stages/test_tflm_operators.py asks again for every code. The package registers what
TFLM's own tree has; firmware registers those it needs of these by name. Not in TFLM's tree, and so not here: what a
vendor's kernels add, such as `ethos-u`.
"""

_BUILTINS = (
    "ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND "
    "BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D "
    "DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR "
    "FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION "
    "L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM "
    "MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE "
    "REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 "
    "ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE "
    "SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV "
    "UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE "
)

_CUSTOM = (
    "BasicClassifier CIRCULAR_BUFFER SignalDelay SignalEnergy SignalFftAutoScale SignalFilterBank "
    "SignalFilterBankLog SignalFilterBankSpectralSubtraction SignalFilterBankSquareRoot SignalFramer "
    "SignalIrfft SignalOverlapAdd SignalPCAN SignalRfft SignalStacker SignalWindow TFLM_DECODE "
    "TFLite_Detection_PostProcess "
)


BUILTINS = frozenset(_BUILTINS.split())
CUSTOM = frozenset(_CUSTOM.split())


def has(kind: str, custom: bool) -> bool:
    """Whether TFLM has an operator of that kind. It does not look at an operator's version."""
    return kind in (CUSTOM if custom else BUILTINS)
