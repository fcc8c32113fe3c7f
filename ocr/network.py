"""How ONNX Runtime runs a network here: pictures have all sizes, and what one needed is given back."""

from typing import Any

import onnxruntime


def session(model: str | bytes, threads: int) -> Any:
    """Return the network of a file or of its bytes, on `threads` of the processor.

    Without an arena of its own, and without a plan kept for every size that ever came, a reader of mixed pictures stays
    at half the memory; it is no slower for it. What was in its memory is then freed, and overwritten, like all else.
    Threads that have nothing to do sleep: they would take the processor from those that have.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
