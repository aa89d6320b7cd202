#!/usr/bin/env python3
"""Asks `gyges serve` with OpenAI's own client, and with lm-evaluation-harness where it is installed.

    serve_clients.py --gyges .build/release/gyges smollm2-135m-instruct [--encoder FOLDER] [--lm-eval]

Needs openai; --lm-eval needs lm-eval[api]. Each line that is printed is a check that holds; the first that does not ends the script.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import openai

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
    },
}


class Server:
    def __init__(self, gyges, models, *options):
        self.process = subprocess.Popen([gyges, "serve", *models, "--port", "0", *options], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r"(http://\S+)/v1", line)
            if found:
                self.address = found[1]
                return
        sys.exit("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def check(what, holds, found=None):
    if not holds:
        sys.exit(f"FAILED: {what}: {found!r}")
    print(f"{what}: yes", flush=True)


def chat(client, model):
    ask = [{"role": "user", "content": "Name three colours."}]

    def whole(seed, **more):
        return client.chat.completions.create(model=model, messages=ask, seed=seed, max_tokens=48, temperature=1, **more)

    one = whole(5).choices[0].message.content
    pieces = [chunk for chunk in whole(5, stream=True, stream_options={"include_usage": True})]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in pieces if chunk.choices)
    check("a stream says what the whole answer says", text == one and pieces[-1].usage.completion_tokens > 0, (text, one))
    alone = [whole(seed).choices[0].message.content for seed in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda seed: whole(seed).choices[0].message.content, range(16)))
    check("sixteen at once get what each gets alone", alone == together and len(set(alone)) > 1)
    many = whole(5, n=3)
    check("n answers, the first as alone", [choice.index for choice in many.choices] == [0, 1, 2] and many.choices[0].message.content == one)
    scored = whole(5, logprobs=True, top_logprobs=3).choices[0].logprobs.content
    check("log-probabilities of every token", b"".join(bytes(token.bytes) for token in scored).decode() == one and len(scored[0].top_logprobs) == 3)
    schema = {"type": "object", "properties": {"colours": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "minItems": 2, "maxItems": 3}},
              "required": ["colours"], "additionalProperties": False}
    held = whole(5, response_format={"type": "json_schema", "json_schema": {"name": "colours", "schema": schema, "strict": True}})
    check("an answer keeps to its schema", 2 <= len(json.loads(held.choices[0].message.content)["colours"]) <= 3)
    stopped = client.chat.completions.create(model=model, messages=ask, temperature=0, max_tokens=48, stop=["\n"]).choices[0]
    check("a stop string ends the answer", "\n" not in stopped.message.content and stopped.finish_reason == "stop")


def tools(client, model):
    ask = [{"role": "user", "content": "How is the weather in Geneva?"}]
    choice = {"type": "function", "function": {"name": "get_weather"}}
    made = client.chat.completions.create(model=model, messages=ask, tools=[WEATHER], tool_choice=choice, temperature=0, max_tokens=64).choices[0]
    call = made.message.tool_calls[0]
    check("a call that must be made is made", made.finish_reason == "tool_calls" and set(json.loads(call.function.arguments)) == {"city"}, made)
    stream = client.chat.completions.create(
        model=model, messages=ask, tools=[WEATHER], tool_choice=choice, temperature=0, max_tokens=64, stream=True)
    name, arguments = "", ""
    for chunk in stream:
        for piece in chunk.choices[0].delta.tool_calls or []:
            name, arguments = name or piece.function.name, arguments + (piece.function.arguments or "")
    check("a streamed call is the same", (name, arguments) == (call.function.name, call.function.arguments), (name, arguments))
    answer = client.chat.completions.create(
        model=model, tools=[WEATHER], temperature=0, max_tokens=32,
        messages=ask + [made.message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": "Sunny, 21 degrees."}])
    check("the tool's answer is read", len(answer.choices[0].message.content) > 0)


def responses(client, model):
    whole = client.responses.create(model=model, input="Name three colours.", instructions="Be brief.", max_output_tokens=48, extra_body={"seed": 5})
    events = list(client.responses.create(
        model=model, input="Name three colours.", instructions="Be brief.", max_output_tokens=48, extra_body={"seed": 5}, stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    check("a response is streamed as it is given whole", text == whole.output_text == events[-1].response.output_text and text, (text, whole.output_text))
    check("its events are numbered", [event.sequence_number for event in events] == list(range(len(events))))
    check("it counts its tokens", whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens > 0)
    schema = {"type": "object", "properties": {"colour": {"enum": ["red", "green"]}}, "required": ["colour"], "additionalProperties": False}
    form = {"format": {"type": "json_schema", "name": "colour", "schema": schema}}
    held = client.responses.create(model=model, input="A colour as JSON.", max_output_tokens=48, text=form)
    with client.responses.stream(model=model, input="A colour as JSON.", max_output_tokens=48, text=form) as stream:
        kinds = [event.type for event in stream]
        check("the client's own reader of streams follows", kinds[0] == "response.created" and stream.get_final_response().output_text)
    check("a response keeps to its schema", json.loads(held.output_text)["colour"] in ["red", "green"])
    try:
        client.responses.create(model=model, input="a", previous_response_id="resp_1")
    except openai.BadRequestError as error:
        check("what is not stored is refused", error.body["param"] == "previous_response_id")
    else:
        sys.exit("previous_response_id is taken")


def response_tools(client, model):
    flat = {"type": "function", "strict": True, **{key: WEATHER["function"][key] for key in ["name", "description", "parameters"]}}
    ask = [{"role": "user", "content": "How is the weather in Geneva?"}]
    choice = {"type": "function", "name": "get_weather"}
    made = client.responses.create(model=model, input=ask, tools=[flat], tool_choice=choice, temperature=0, max_output_tokens=64)
    call = made.output[0]
    check("a response calls its function", call.type == "function_call" and set(json.loads(call.arguments)) == {"city"}, made)
    answer = client.responses.create(
        model=model, tools=[flat], temperature=0, max_output_tokens=32,
        input=ask + [item.model_dump(exclude_none=True) for item in made.output]
        + [{"type": "function_call_output", "call_id": call.call_id, "output": "Sunny, 21 degrees."}])
    check("and reads its result", len(answer.output) > 0)


def batches(client, model, folder, restart):
    """Uploads requests, has them answered, and ends the server in their midst."""
    lines = [{"custom_id": f"row-{index}", "method": "POST", "url": "/v1/chat/completions",
              "body": {"model": model, "messages": [{"role": "user", "content": f"Say {index}."}], "max_tokens": 8}} for index in range(100)]
    path = pathlib.Path(folder) / "requests.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    file = client.files.create(file=path.open("rb"), purpose="batch")
    check("a file comes back as it went", client.files.content(file.id).content == path.read_bytes() and file.bytes == path.stat().st_size)
    texts = []
    for killed in [False, True]:
        batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        deadline = time.monotonic() + 600
        while (batch := client.batches.retrieve(batch.id)).status not in ["completed", "failed"]:
            if killed and batch.request_counts.completed >= 20:
                client, killed = restart(), False
            if time.monotonic() > deadline:
                sys.exit("a batch takes too long")
            time.sleep(0.05)
        if batch.status != "completed":
            sys.exit(f"FAILED: {batch}")
        rows = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
        check("a batch answers its lines in order", [row["custom_id"] for row in rows] == [line["custom_id"] for line in lines])
        for row in rows:
            row["response"]["body"].pop("created")
        texts.append(rows)
    check("a batch that a kill interrupted is the same", texts[0] == texts[1])
    check("files and batches are listed", len(list(client.files.list())) == 3 and len(list(client.batches.list())) == 2)
    check("a file is deleted", client.files.delete(file.id).deleted)


def errors(client, model):
    ask = [{"role": "user", "content": "a"}]
    for kind, work in [
        (openai.NotFoundError, lambda: client.chat.completions.create(model="none", messages=ask)),
        (openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=[])),
        (openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=ask, extra_body={"misspelt": 1})),
        (openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=[{"role": "user", "content": "ring " * 40000}])),
    ]:
        try:
            work()
        except kind as error:
            check(f"{kind.__name__} says why", len(error.body["message"]) > 10)
        else:
            sys.exit(f"no {kind.__name__}")
    check("models are listed", model in [entry.id for entry in client.models.list()])


def vectors(client):
    texts = ["A ring of gold.", "The weather in Geneva."]
    packed = client.embeddings.create(model="encoder", input=texts)
    plain = client.embeddings.create(model="encoder", input=texts, encoding_format="float")
    check("vectors in base64 are those in numbers", [row.embedding for row in packed.data] == [row.embedding for row in plain.data])


TASKS = {
    "rings_choice": {"output_type": "multiple_choice", "doc_to_text": "{{question}}", "doc_to_choice": "{{choices}}", "doc_to_target": "{{answer}}"},
    "rings_text": {"output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "{{question}} {{choices[0]}}"},
    "rings_answer": {"output_type": "generate_until", "doc_to_text": "{{question}}", "doc_to_target": "{{choices[0]}}",
                     "generation_kwargs": {"until": ["\n"], "max_gen_toks": 8}},
}


def lm_eval(address, path, gyges):
    """Scores by lm-evaluation-harness against those of `gyges score`."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = [{"question": f"A ring is {word}, and so the answer is", "choices": ["gold", "a circle", "€£"], "answer": 0} for word in
                ["small", "round", "old", "lost", "“found”", "naïve"]]
        (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
        for task, body in TASKS.items():
            lines = {"task": task, "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(folder / "rows.jsonl")}}, "test_split": "test",
                     "metadata": {"version": 1}, **body}
            (folder / f"{task}.yaml").write_text(json.dumps(lines))
        subprocess.run(
            [sys.executable, "-m", "lm_eval", "--model", "local-completions", "--model_args",
             f"model=chat,base_url={address}/v1/completions,max_length=2048,num_concurrent=4", "--include_path", name, "--tasks", ",".join(TASKS),
             "--output_path", str(folder / "out"), "--log_samples"],
            check=True, env={"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "PATH": "/usr/bin:/bin", "HOME": name, "OPENAI_API_KEY": "none"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        samples = [json.loads(line) for path in (folder / "out").rglob("samples_rings_choice*.jsonl") for line in open(path, encoding="utf-8")]
        worst = 0.0
        pairs = [(row["doc"]["question"], choice, float(found[0])) for row in samples for choice, found in zip(row["doc"]["choices"], (r[0] for r in row["resps"]))]
        (folder / "pairs.jsonl").write_text("\n".join(json.dumps({"context": a, "continuation": " " + b}) for a, b, _ in pairs))
        out = subprocess.run([gyges, "score", path, "--input", str(folder / "pairs.jsonl"), "--lm-eval"], capture_output=True, text=True)
        scores = [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]
        for (_, _, found), score in zip(pairs, scores, strict=True):
            worst = max(worst, abs(found - score["logprob"]))
        check(f"lm-eval's {len(pairs)} scores are those of gyges score (largest difference {worst:.1e})", worst < 1e-6 and len(pairs) == 18)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--gyges", default="gyges")
    parser.add_argument("--encoder", help="the folder of an encoder")
    parser.add_argument("--lm-eval", action="store_true")
    options = parser.parse_args()
    models = [f"chat={options.model}"] + ([f"encoder={options.encoder}"] if options.encoder else [])
    with Server(options.gyges, models) as server:
        client = openai.OpenAI(base_url=server.address + "/v1", api_key="none", max_retries=0)
        chat(client, "chat")
        errors(client, "chat")
        responses(client, "chat")
        try:
            tools(client, "chat")
            response_tools(client, "chat")
        except openai.BadRequestError as error:
            print("tools:", error.body["message"])
        if options.encoder:
            vectors(client)
        if options.lm_eval:
            lm_eval(server.address, options.model, options.gyges)
    with tempfile.TemporaryDirectory() as folder:
        servers = []

        def start():
            if servers:
                servers[-1].process.kill()
                servers[-1].process.wait()
            servers.append(Server(options.gyges, [f"chat={options.model}"], "--files", folder + "/files"))
            return openai.OpenAI(base_url=servers[-1].address + "/v1", api_key="none", max_retries=0)

        try:
            batches(start(), "chat", folder, start)
        finally:
            servers[-1].process.terminate()
            servers[-1].process.wait(20)


if __name__ == "__main__":
    main()
