#!/usr/bin/env python3
"""Reads the logs that `gyges study report --inspect` writes with Inspect itself and compares them with the other exports.

    python3 -m venv venv && venv/bin/pip install inspect_ai==0.3.285 pandas pyarrow
    gyges study report runs/demo --inspect
    venv/bin/python scripts/parity/inspect_log.py runs/demo

Checks: every log opens (`read_eval_log`, `inspect log dump`, `inspect log list`), bears its samples with messages, reasoning, metadata and
scores, agrees with transcripts.jsonl answer by answer, and gives a data frame of one row a sample.
"""
import json, os, pathlib, subprocess, sys

from inspect_ai.analysis import evals_df, samples_df
from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    lines = [json.loads(line) for line in (folder / "transcripts.jsonl").open(encoding="utf-8")]
    canary, answers = lines[0]["canary"], {}
    for line in lines[1:]:
        if line["state"] != "pending":
            answers[line["condition"], line["prompt_id"], line["tier"], line["sample"]] = line
    logs = [pathlib.Path(log.name.removeprefix("file://")) for log in list_eval_logs(str(folder))]
    assert logs, "no log is listed"
    seen = 0
    for path in logs:
        log = read_eval_log(str(path))
        header = read_eval_log(str(path), header_only=True)
        assert log.version == 2 and log.status in ("success", "cancelled"), (path, log.status)
        assert header.eval.metadata["canary"] == canary and header.results.completed_samples == len(log.samples)
        for sample in log.samples:
            meta = sample.metadata
            line = answers[meta["condition"], meta["prompt"], meta["tier"], meta["sample"]]
            assert meta["key"] == line["key"] and meta["state"] == line["state"] and sample.epoch == line["sample"] + 1
            assert sample.messages[0].role == "system" and sample.messages[-1].role == "assistant"
            content = sample.messages[-1].content
            if line["state"] == "valid":
                reasoning = [part.reasoning for part in content if part.type == "reasoning"]
                assert reasoning == ([line["scratchpad"]] if line["scratchpad"] else []), sample.id
                assert [part.text for part in content if part.type == "text"] == [line["output"]], sample.id
            else:
                assert content == line["raw"] and not sample.scores, sample.id
            for judgement in line["judgements"]:
                assert sample.scores[judgement["judge"] + "_complied"].value == (1 if judgement["complied"] else 0)
            seen += 1
        # The means of the header are those of the samples.
        for score in header.results.scores:
            for tier, metric in score.metrics.items():
                values = [s.scores[score.name].value for s in log.samples if s.metadata["tier"] == tier and score.name in (s.scores or {})]
                assert abs(metric.value - sum(values) / len(values)) < 1e-12, (score.name, tier)
        one = log.samples[0]
        assert read_eval_log_sample(str(path), one.id, one.epoch).uuid == one.uuid
    assert seen == len(answers), (seen, len(answers))
    inspect = str(pathlib.Path(sys.executable).parent / "inspect")
    dumped = json.loads(subprocess.run([inspect, "log", "dump", str(logs[0])], capture_output=True, text=True, check=True).stdout)
    assert dumped["eval"]["task"] and len(dumped["samples"]) > 0
    listed = json.loads(subprocess.run([inspect, "log", "list", "--json", "--log-dir", str(folder)], capture_output=True, text=True, check=True).stdout)
    assert len(listed) == len(logs)
    frame = samples_df(str(folder))
    assert len(frame) == seen and len(evals_df(str(folder))) == len(logs)
    scores = [column for column in frame.columns if column.startswith("score_")]
    print(f"{len(logs)} logs, {seen} samples read by inspect-ai and equal to transcripts.jsonl; data frame of {len(frame)} rows with {scores}")


if __name__ == "__main__":
    main()
