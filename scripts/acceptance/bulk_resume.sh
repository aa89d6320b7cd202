#!/usr/bin/env bash
# Answers a file of prompts, kills the program at random moments, goes on each time, and compares the file with that of a run that was left alone.
#
#   scripts/acceptance/bulk_resume.sh GYGES [MODEL] [ROWS] [KILLS]
#
# Needs python3. GYGES is the program, MODEL a GGUF file or folder (default: the tests' tiny random one), ROWS how many rows (default: 3000),
# KILLS how often to kill (default: 10). Some rows set their own sampling or schema, some cannot be answered. Ends with status 0 only if the
# files are byte-identical.
set -euo pipefail

gyges=$(realpath "${1:?usage: bulk_resume.sh GYGES [MODEL] [ROWS] [KILLS]}")
root=$(cd "$(dirname "$0")/../.." && pwd)
model=$(realpath "${2:-$root/Tests/GygesInferenceTests/Fixtures/tiny-chat}")
rows=${3:-3000}
kills=${4:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GYGES_PACKED=${GYGES_PACKED:-off}

python3 - "$rows" >"$work/rows.jsonl" <<'PYTHON'
import json, random, sys
draw = random.Random(42)
words = "the ring of gyges a king his shepherd cave horse bronze gold lydia unseen just café 日本 😀".split()
for number in range(int(sys.argv[1])):
    row = {"id": f"r{number}", "prompt": " ".join(draw.choices(words, k=draw.randint(1, 40)))}
    kind = number % 10
    if kind == 1:
        row.update(temperature=1, top_p=0.9)
    elif kind == 2:
        row.update(schema={"type": "array", "items": {"enum": ["fox", "ring"]}, "maxItems": 3})
    elif kind == 3:
        row = {"messages": [{"role": "user", "content": row["prompt"]}], "max_tokens": draw.randint(1, 200)}
    elif kind == 4:
        row["max_tokns"] = 3
    print(json.dumps(row))
PYTHON

# Not a function that runs the program: the process to kill would be a shell around it. Status 1 says that some rows have errors.
generate=("$gyges" generate "$model" --input "$work/rows.jsonl" --max-tokens 100 --quiet)
noted() { tail -n 1 "$1.progress" 2>/dev/null | sed -nE 's/.*"rows":([0-9]+).*/\1/p' || true; }

began=$(date +%s%N)
status=0
"${generate[@]}" --output "$work/whole.jsonl" 2>"$work/errors" || status=$?
((status == 1)) || { cat "$work/errors"; exit 1; }
span=$((($(date +%s%N) - began) / 1000000))
echo "undisturbed: $rows rows in $span ms, $(grep -c '"error"' "$work/whole.jsonl") with errors"

killed=0
while ((killed < kills)); do
    wait_for=$(((RANDOM * 32768 + RANDOM) % (span * 3 / (kills + 1) + 1)))
    "${generate[@]}" --output "$work/killed.jsonl" --resume 2>/dev/null &
    process=$!
    sleep "$(printf '%d.%03d' $((wait_for / 1000)) $((wait_for % 1000)))"
    kill -KILL "$process" 2>/dev/null || true
    status=0
    wait "$process" 2>/dev/null || status=$?
    if ((status == 137)); then
        killed=$((killed + 1))
        echo "kill $killed after $wait_for ms: $(noted "$work/killed.jsonl") rows are noted"
    elif ((status <= 1)); then
        cmp "$work/whole.jsonl" "$work/killed.jsonl"
        echo "ended before a kill, and agrees; once more from the beginning"
        rm -f "$work/killed.jsonl" "$work/killed.jsonl.progress"
    else
        exit 1
    fi
done
"${generate[@]}" --output "$work/killed.jsonl" --resume 2>/dev/null || true
cmp "$work/whole.jsonl" "$work/killed.jsonl"
echo "killed $killed times; the files are byte-identical"
