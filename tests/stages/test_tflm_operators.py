"""The list of TFLM's operators, against TFLM: asked for each code in the schema, and for each custom name."""

import json
import subprocess
import sys

from flashfit.tflite.tflm_operators import BUILTINS, CUSTOM

ASK = """
import json, os, sys, tempfile
from ai_edge_litert import schema_py_generated as schema
from tflite_micro.python.tflite_micro import runtime
from tests.handmade import identity

def lacks(code, custom_name=None):
    def change(model):
        found = model.operatorCodes[0]
        found.builtinCode, found.deprecatedBuiltinCode, found.customCode = code, min(code, 127), custom_name
    with tempfile.TemporaryFile() as said:
        process = os.fork()
        if process == 0:
            os.dup2(said.fileno(), 2)
            try:
                runtime.Interpreter.from_bytes(identity(change=change), arena_size=2**16)
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        said.seek(0)
        words = said.read()
        return b"Didn't find op" in words or b"Failed to get registration from op code CUSTOM" in words

builtins = {name: code for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
custom = builtins.pop("CUSTOM")
print(json.dumps([
    sorted(name for name, code in builtins.items() if not lacks(code)),
    sorted(name for name in [*sys.argv[1:], "Nobodys"] if not lacks(custom, name.encode())),
]))
"""


def test_the_list_of_operators_is_tflms_own() -> None:
    done = subprocess.run([sys.executable, "-c", ASK, *CUSTOM], capture_output=True, text=True, check=True)
    builtins, custom = json.loads(done.stdout)
    assert builtins == sorted(BUILTINS)
    assert custom == sorted(CUSTOM)
