#!/usr/bin/env bash
# Embeds a million short texts, watches the memory, kills the program at random moments, resumes it, and compares the files with those of a
# run that was left alone.
#
#   scripts/acceptance/embed_stream.sh GYGES [MODEL] [TEXTS] [KILLS]
#
# Needs python3. GYGES is the program, MODEL a folder of an encoder (default: the tests' tiny random one), TEXTS how many texts (default:
# 1,000,000), KILLS how often to kill each of the two forms, JSON Lines and NumPy's (default: 5). Takes some minutes and, with the default
# model, about 1 GB of disk. Ends with status 0 only if all files are byte-identical and memory at the end is at most a tenth above that
# at 10 % of the texts.
set -euo pipefail

gyges=$(realpath "${1:?usage: embed_stream.sh GYGES [MODEL] [TEXTS] [KILLS]}")
root=$(cd "$(dirname "$0")/../.." && pwd)
texts=${3:-1000000}
kills=${4:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ -n ${2:-} ]]; then
    model=$(realpath "$2")
else
    model=$work/model
    cp -r "$root/Tests/GygesInferenceTests/Fixtures/encoder-tasks/fill" "$model"
    cp "$root/Tests/GygesInferenceTests/Fixtures/encoder-tasks/tokenizer.json" "$model/"
fi

python3 - "$texts" >"$work/texts.jsonl" <<'PYTHON'
import json, random, sys
draw = random.Random(42)
words = "the ring of gyges a king his shepherd cave horse bronze gold lydia unseen just café 日本 😀".split()
for number in range(int(sys.argv[1])):
    print(json.dumps({"id": f"t{number}", "text": " ".join(draw.choices(words, k=draw.randint(0, 12)))}))
PYTHON

# Not a function that runs the program: the process to kill would be a shell around it.
embed=("$gyges" embed "$model" --input "$work/texts.jsonl" --quiet)
rows() { tail -n 1 "$1.progress" 2>/dev/null | sed -nE 's/.*"rows":([0-9]+).*/\1/p' || true; }
memory() { sed -nE 's/^VmRSS:\s+([0-9]+) kB/\1/p' "/proc/$1/status" 2>/dev/null || true; }

for form in jsonl npy; do
    whole=$work/whole.$form
    began=$(date +%s%N)
    "${embed[@]}" --output "$whole" &
    process=$!
    first=0
    last=0
    next=10
    while kill -0 "$process" 2>/dev/null; do
        done_rows=$(rows "$whole")
        now=$(memory "$process")
        if [[ -n $done_rows && -n $now ]]; then
            last=$now
            if ((done_rows * 100 >= texts * next && next <= 100)); then
                ((first == 0)) && first=$now
                echo "$form: $done_rows texts, $((now / 1024)) MiB resident"
                next=$((next == 10 ? 50 : next == 50 ? 95 : 200))
            fi
        fi
        sleep 0.05
    done
    wait "$process"
    span=$((($(date +%s%N) - began) / 1000000))
    echo "$form: $texts texts in $span ms, $((texts * 1000 / span)) a second; $((last / 1024)) MiB resident at the end"
    if ((first > 0 && last > first + first / 10)); then
        echo "memory grew from $first to $last KiB" >&2
        exit 1
    fi

    part=$work/killed.$form
    killed=0
    while ((killed < kills)); do
        wait_for=$(((RANDOM * 32768 + RANDOM) % (span * 2 / (kills + 1) + 1)))
        "${embed[@]}" --output "$part" --resume &
        process=$!
        sleep "$(printf '%d.%03d' $((wait_for / 1000)) $((wait_for % 1000)))"
        kill -KILL "$process" 2>/dev/null || true
        status=0
        wait "$process" 2>/dev/null || status=$?
        if ((status == 137)); then
            killed=$((killed + 1))
            echo "$form: kill $killed after $wait_for ms: $(rows "$part") rows are noted"
        elif ((status == 0)); then
            cmp "$whole" "$part"
            echo "$form: ended before a kill, and agrees; once more from the beginning"
            rm -f "$part" "$part.progress"
        else
            exit 1
        fi
    done
    "${embed[@]}" --output "$part" --resume
    cmp "$whole" "$part"
    echo "$form: killed $killed times; the files are byte-identical"
    rm -f "$whole"* "$part"*
done
