#!/usr/bin/env bash
# Kills trainings with SIGKILL at ten random moments, goes on each time, and compares the result with that of a run that nobody killed:
# a masked language model with packing, and conversations with an adapter.
#
#     scripts/acceptance/train_kill.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-.build/release/gyges}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" <<'PY'
import json, random, sys
random.seed(5)
words = "ring gold king shepherd chasm bronze horse giant finger bezel invisible court".split()
text = lambda: " ".join(random.choice(words) for _ in range(random.randint(3, 60)))
with open(sys.argv[1] + "/texts.jsonl", "w") as texts, open(sys.argv[1] + "/chats.jsonl", "w") as chats:
    for _ in range(400):
        print(json.dumps({"text": text()}), file=texts)
        print(json.dumps({"messages": [{"role": "user", "content": text()}, {"role": "assistant", "content": text()}]}), file=chats)
PY

recipe() { # name model data more
    cat > "$work/$1.yaml" <<YAML
version: 1
name: $1
model: $PWD/Tests/GygesInferenceTests/Fixtures/$2
data: {sources: [$3], max_length: 128, window: 32}
optimizer: {name: adamw, learning_rate: 0.003, max_grad_norm: 1, moments: bf16}
schedule: {length: 1500, warmup: 10}
batch: {size: 4}
evaluation: {every: 100, share: 0.1}
checkpoints: {every: 7, keep: 2}
seed: 3
$4
YAML
}
recipe masked tiny-encoder texts.jsonl ""
recipe adapter tiny-chat chats.jsonl "adapter: {r: 4, lora_dropout: 0.1}"

status=0
for name in masked adapter; do
    "$program" train "$work/$name.yaml" -o "$work/$name-whole" --quiet > /dev/null
    kills=0
    while [ $kills -lt 10 ]; do
        "$program" train "$work/$name.yaml" -o "$work/$name-killed" --quiet > /dev/null 2>&1 &
        child=$!
        sleep "0.$((RANDOM % 80 + 15))"
        if kill -9 $child 2> /dev/null; then kills=$((kills + 1)); fi
        wait $child 2> /dev/null || true
        if [ -e "$work/$name-killed/model" ] || [ -e "$work/$name-killed/adapter" ]; then break; fi
    done
    at=$(ls "$work/$name-killed/checkpoints" 2> /dev/null | tail -1)
    "$program" train "$work/$name.yaml" -o "$work/$name-killed" --quiet > /dev/null 2>&1
    same=yes
    for file in "$work/$name-whole"/{model,adapter}/*.safetensors; do
        [ -e "$file" ] || continue
        cmp -s "$file" "${file/-whole/-killed}" || same=no
    done
    losses() { python3 -c 'import json,sys; print([(r["step"], r.get("loss"), r.get("eval_loss")) for r in map(json.loads, open(sys.argv[1]))])' "$1/metrics.jsonl"; }
    [ "$(losses "$work/$name-whole")" = "$(losses "$work/$name-killed")" ] || same=no
    echo "$name: killed $kills times, the last time after ${at:-no checkpoint}; weights and losses equal: $same"
    [ $same = yes ] || status=1
done
exit $status
