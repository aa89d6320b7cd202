"""Times a file of prompts: gyges many at a time against gyges one by one and against llama-server.

    python3 Benchmarks/peers/bulk_generation.py qwen2.5-coder-1.5b-instruct HumanEval.jsonl.gz --llama-cpp BUILD

The prompts of HumanEval (or of any JSON Lines with a "prompt", packed or not) are each a message that asks to complete the function, answered
greedily with 512 tokens at most. They are cut into parts, which all complete in turn: `gyges generate --input` with as many sequences as
llama-server has slots; the same with one sequence, whose answers must be the same bytes; and llama-server with as many connections as slots.
gyges is started for every part, and its start counts; llama-server stays loaded and keeps what it has cached. Without --llama-cpp, gyges is
measured by itself. Rates are tokens generated a second: answers of two programs need not be equally long.
"""

import concurrent.futures
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring
from measuring import Failure, peer_program, progress
from study_workload import SETTINGS, Server

QUESTION = "Complete this Python function. Answer with the whole function in one block of code.\n\n```python\n{}```"


def arguments():
    parser = measuring.parser(__doc__, rounds=4)
    parser.add_argument("prompts", type=pathlib.Path, help="JSON Lines with a \"prompt\" each; .gz is unpacked")
    parser.add_argument("--llama-cpp", type=pathlib.Path, help="the folder with llama.cpp's programs")
    parser.add_argument("--tokens", type=measuring.positive, default=512, help="generated at most for each")
    parser.add_argument("--requests", type=measuring.positive, help="the first so many of the prompts")
    parser.add_argument("--slots", type=measuring.positive, default=16, help="sequences computed together")
    parser.add_argument("--setting", choices=SETTINGS, default="repacked", help="of llama-server")
    parser.add_argument("--server-options", default="", help="more options of llama-server, as one word")
    parser.add_argument("--no-single", action="store_true", help="leave out gyges one by one, the slowest")
    return parser.parse_args()


def questions(path, count):
    """The messages of all prompts."""
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path)
    with opened as lines:
        texts = [json.loads(line)["prompt"] for line in lines if line.strip()][:count]
    if not texts:
        raise Failure(f"{path} has no prompts")
    return [[{"role": "user", "content": QUESTION.format(text)}] for text in texts]


def ours(options, part, slots):
    """Seconds, and the rows, of a part's answers."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "prompts.jsonl", pathlib.Path(folder) / "answers.jsonl"
        source.write_text("".join(json.dumps({"messages": messages}) + "\n" for messages in part))
        command = [
            options.gyges, "generate", options.model, "--input", source, "-o", target, "--max-tokens", options.tokens,
            "--temperature", 0, "--repetition-penalty", 1, "--sequences", slots, "--threads", options.threads, "--quiet",
        ]  # fmt: skip
        start = time.perf_counter()
        if subprocess.run([str(word) for word in command]).returncode != 0:
            raise Failure("gyges failed; its message stands above")
        seconds = time.perf_counter() - start
        return seconds, [json.loads(line) for line in target.read_text().splitlines()]


def theirs(options, server, part):
    """Seconds, and the number of tokens, of a part's answers."""

    def one(messages):
        body = {"messages": messages, "max_tokens": options.tokens, "temperature": 0, "cache_prompt": True}
        status, text = server.request("POST", "/v1/chat/completions", body)
        if status != 200:
            raise Failure(f"llama-server answered {status}: {text[:500].decode(errors='replace')}")
        return json.loads(text)["usage"]["completion_tokens"]

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.slots) as pool:
        tokens = sum(pool.map(one, part))
    return time.perf_counter() - start, tokens


def main():
    options = arguments()
    asked = questions(options.prompts, options.requests)
    size = -(-len(asked) // options.rounds)
    parts = [asked[first : first + size] for first in range(0, len(asked), size)]
    server = None
    work = {"gyges": [], "one by one": [], "llama-server": []}
    try:
        if options.llama_cpp:
            # HumanEval's longest prompt has fewer than a thousand tokens.
            context = options.tokens + 1024
            server = Server(options, peer_program(options.llama_cpp, "llama-server"), options.setting, context)
        for number, part in enumerate(parts, 1):
            seconds, rows = ours(options, part, options.slots)
            work["gyges"].append((seconds, sum(row["generated_tokens"] for row in rows)))
            if not options.no_single:
                seconds, alone = ours(options, part, 1)
                if alone != rows:
                    raise Failure(f"part {number}: the answers differ from those one by one")
                work["one by one"].append((seconds, sum(row["generated_tokens"] for row in alone)))
            if server:
                work["llama-server"].append(theirs(options, server, part))
            rates = {name: done[-1][1] / done[-1][0] for name, done in work.items() if done}
            progress(
                f"part {number} of {len(parts)}: "
                + ", ".join(f"{name} {rate:.1f} tokens/s" for name, rate in rates.items())
            )
    finally:
        if server:
            server.close()
    work = {name: done for name, done in work.items() if done}
    seconds = {name: sum(part[0] for part in done) for name, done in work.items()}
    tokens = {name: sum(part[1] for part in done) for name, done in work.items()}
    print(f"{options.model}: {len(asked)} prompts, {options.tokens} tokens at most, {options.slots} at a time")
    for name in work:
        line = f"{name}: {tokens[name]} tokens in {seconds[name]:.0f} s, {tokens[name] / seconds[name]:.1f} tokens/s"
        if name != "gyges":
            faster = tokens["gyges"] / seconds["gyges"] / (tokens[name] / seconds[name])
            line += f"; gyges is {faster:.2f} times as fast"
        print(line)
    results = {
        "requests": len(asked), "tokens_at_most": options.tokens, "slots": options.slots, "seconds": seconds,
        "tokens": tokens, "parts": work,
    }  # fmt: skip
    measuring.report(options, "bulk", results, rounds=len(parts))


if __name__ == "__main__":
    measuring.main(main)
