"""As much of llama.cpp as the comparisons need, through llama-cpp-python's bindings of its C interface."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from measuring import Failure

try:
    import llama_cpp.llama_cpp as api
except ImportError:
    sys.exit("llama-cpp-python is missing: run Benchmarks/peers/install.sh, then use the Python that it names")

SETTINGS = {
    "default": (True, api.LLAMA_FLASH_ATTN_TYPE_AUTO),
    "repacked, no flash attention": (True, api.LLAMA_FLASH_ATTN_TYPE_DISABLED),
    "as stored, flash attention": (False, api.LLAMA_FLASH_ATTN_TYPE_ENABLED),
    "as stored, no flash attention": (False, api.LLAMA_FLASH_ATTN_TYPE_DISABLED),
}
"""Whether weights are repacked for this machine, and flash attention."""


@api.llama_log_callback
def _quiet(level, text, data):
    pass


class Weights:
    """A model's weights; several contexts can use them."""

    def __init__(self, path, repacks):
        api.llama_log_set(_quiet, None)
        parameters = api.llama_model_default_params()
        parameters.use_extra_bufts = repacks
        self.handle = api.llama_model_load_from_file(path.encode(), parameters)
        if not self.handle:
            raise Failure(f"llama.cpp cannot read {path}")
        self.vocabulary = api.llama_model_get_vocab(self.handle)


class Llama:
    """A context: sequence 0 holds a prompt, others are continued from it."""

    def __init__(self, weights, flash_attention, threads, prompt, sequences=32, steps=64):
        self.weights = weights
        parameters = api.llama_context_default_params()
        parameters.n_seq_max = sequences
        parameters.kv_unified = True  # One cache, so that sequences can share what they have in common.
        parameters.n_ctx = prompt + sequences * steps
        parameters.n_batch = parameters.n_ubatch = max(512, prompt)
        parameters.flash_attn_type = flash_attention
        parameters.n_threads = parameters.n_threads_batch = threads
        self.handle = api.llama_init_from_model(weights.handle, parameters)
        if not self.handle:
            raise Failure("llama.cpp cannot make a context: too little memory?")
        self.memory = api.llama_get_memory(self.handle)
        self.batch = api.llama_batch_init(parameters.n_batch, 0, 1)
        self.greedy = api.llama_sampler_init_greedy()
        self.sequences = sequences
        self.length = 0

    def close(self):
        api.llama_batch_free(self.batch)
        api.llama_free(self.handle)

    def decode(self, rows):
        """Rows of (token, position, sequence, whether its logits are wanted)."""
        self.batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            self.batch.token[i], self.batch.pos[i], self.batch.logits[i] = token, position, wanted
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, sequence
        if api.llama_decode(self.handle, self.batch) != 0:
            raise Failure("llama.cpp cannot decode: the context is too small")
        api.llama_synchronize(self.handle)

    def read(self, tokens):
        """Forgets everything and reads a prompt as sequence 0."""
        api.llama_memory_clear(self.memory, True)
        self.length = len(tokens)
        self.decode([(token, i, 0, i + 1 == len(tokens)) for i, token in enumerate(tokens)])

    def continue_together(self, sequences, steps):
        """Continues the prompt so many times, and forgets what was added. Some tokens, none of them sampled."""
        for sequence in range(1, sequences):
            api.llama_memory_seq_cp(self.memory, 0, sequence, -1, -1)
        for step in range(steps):
            self.decode([(100 + step + 7 * s, self.length + step, s, True) for s in range(sequences)])
        for sequence in range(1, sequences):
            api.llama_memory_seq_rm(self.memory, sequence, -1, -1)
        api.llama_memory_seq_rm(self.memory, 0, self.length, -1)

    def continue_with(self, tokens):
        """Continues the prompt by given tokens, one at a time, and forgets them.

        Returns how many of them it would have chosen itself.
        """
        agreed = 0
        for step, token in enumerate(tokens):
            chosen = api.llama_sampler_sample(self.greedy, self.handle, -1)
            agreed += chosen == token
            self.decode([(token, self.length + step, 0, True)])
        api.llama_memory_seq_rm(self.memory, 0, self.length, -1)
        return agreed
