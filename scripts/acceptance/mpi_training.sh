#!/usr/bin/env bash
# Trains with several processes over MPI: kills one of them at random steps, goes on with as many, fewer and more, and compares the weights.
#
#   swift build --traits MPI --scratch-path .build-mpi --product gyges
#   scripts/acceptance/mpi_training.sh GYGES [KILLS] [TESTS]
#
# Needs Open MPI (openmpi-bin, libopenmpi-dev) and python3. GYGES is a program that was built with --traits MPI, KILLS how often to kill (10), TESTS the
# bundle that `swift build --build-tests --traits MPI` makes (gygesPackageTests.xctest): its tests of sums then run in 1, 2 and 3 processes.
# Ends with status 0 only if weights are bitwise those of a run that was left alone, and by other numbers of processes those but for rounding.
set -euo pipefail

gyges=$(realpath "${1:?usage: mpi_training.sh GYGES [KILLS] [TESTS]}")
kills=${2:-10}
tests=${3:+$(realpath "$3")}
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

launch=(mpirun --oversubscribe --bind-to none)
((EUID)) || launch+=(--allow-run-as-root)

if [[ -n $tests ]]; then
    for ranks in 1 2 3; do
        "${launch[@]}" -n "$ranks" "$tests" --testing-library swift-testing --filter MPIRanksTests >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
        # A filter that finds nothing succeeds, too.
        (($(grep -c "1 test.* passed" "$work/log") == ranks)) || { cat "$work/log"; exit 1; }
        echo "sums over $ranks processes: in the order of ranks"
    done
fi

for number in $(seq 1 120); do
    answer=$(printf 'ring %.0s' $(seq 0 $((number % 9))))
    echo "{\"messages\": [{\"role\": \"user\", \"content\": \"$number $answer\"}, {\"role\": \"assistant\", \"content\": \"A ${answer% }.\"}]}"
done >"$work/rows.jsonl"
cat >"$work/recipe.yaml" <<YAML
version: 1
name: several
model: $root/Tests/GygesInferenceTests/Fixtures/tiny-chat
data: {sources: [rows.jsonl], max_length: 96, window: 8}
optimizer: {name: adamw, learning_rate: 0.003, max_grad_norm: 1}
schedule: {length: 100, warmup: 5}
batch: {size: 6, pass_tokens: 200}
evaluation: {every: 20, share: 0.1}
checkpoints: {every: 5, keep: 2}
seed: 5
YAML

# The command of a run: how many processes, the folder, and what the recipe gets.
command() {
    local ranks=$1 folder=$2
    shift 2
    arguments=("${launch[@]}" -n "$ranks" "$gyges" train "$work/recipe.yaml" -o "$folder" --threads 1 --quiet "$@")
}
run() {
    command "$@"
    "${arguments[@]}" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
last() { find "$1/checkpoints" -mindepth 1 -maxdepth 1 -name 'step-*' ! -name '*.unfinished' 2>/dev/null | sort | tail -n 1; }
same() {
    cmp "$1/model/model.safetensors" "$2/model/model.safetensors"
    cmp "$(last "$1")/parameters.safetensors" "$(last "$2")/parameters.safetensors"
    cmp "$(last "$1")/moments.safetensors" "$(last "$2")/moments.safetensors"
}

# The steps that a run's metrics tell of.
steps() {
    local count
    count=$(grep -c '"loss"' "$1/metrics.jsonl" 2>/dev/null) || count=0
    echo "$count"
}

# Starts a run, sends a signal to one of its processes once it has made so many steps, and sets `status`.
start_and_signal() {
    local signal=$1 target=$2 ranks=$3 folder=$4
    command "${@:3}"
    "${arguments[@]}" >"$work/log" 2>&1 &
    local launcher=$!
    while kill -0 "$launcher" 2>/dev/null && (($(steps "$folder") < target)); do sleep 0.02; done
    local -a processes
    mapfile -t processes < <(pgrep -P "$launcher" -f "$work/recipe.yaml" || true)
    local process=${processes[RANDOM % ranks]:-}
    [[ -z $process ]] || kill -"$signal" "$process" 2>/dev/null || true
    status=0
    wait "$launcher" 2>/dev/null || status=$?
}

run 2 "$work/whole"
echo "2 processes, undisturbed: $(basename "$(last "$work/whole")")"
run 2 "$work/again"
same "$work/whole" "$work/again"
echo "2 processes, once more: the same bits"

killed=0
while ((killed < kills)); do
    target=$(($(steps "$work/killed") + 1 + RANDOM % 30))
    start_and_signal KILL "$target" 2 "$work/killed"
    if ((status == 0)); then
        same "$work/whole" "$work/killed"
        echo "ended before a kill: the same bits; once more from the beginning"
        rm -rf "$work/killed"
        continue
    fi
    said=$(grep -m 1 -o 'process rank [0-9]* with PID.*' "$work/log") || { cat "$work/log"; exit 1; }
    killed=$((killed + 1))
    echo "kill $killed at step $(steps "$work/killed"), checkpoint $(basename "$(last "$work/killed")"): status $status, “${said}”"
done
run 2 "$work/killed"
same "$work/whole" "$work/killed"
echo "killed $killed times, gone on with 2 processes: the same bits"

# Control-C of one process saves and ends all of them.
rm -rf "$work/stopped"
start_and_signal INT 33 2 "$work/stopped"
((status == 0)) || { cat "$work/log"; exit 1; }
echo "interrupted one of 2 processes at step 33 or later: all stopped at $(basename "$(last "$work/stopped")")"
run 2 "$work/stopped"
same "$work/whole" "$work/stopped"
echo "gone on: the same bits"

# By plain gradient descent a rounding stays one. Adam divides small gradients by small ones and may make a step of it.
plain=(--set optimizer.name=sgd --set optimizer.learning_rate=0.05 --set schedule.length=60)
run 2 "$work/plain" "${plain[@]}"
for ranks in 1 2 3; do
    start_and_signal KILL $((10 + RANDOM % 20)) 2 "$work/plain-$ranks" "${plain[@]}"
    ((status != 0)) || { echo "it ended before the kill" >&2; exit 1; }
    from=$(basename "$(last "$work/plain-$ranks")")
    run "$ranks" "$work/plain-$ranks" "${plain[@]}"
    python3 - "$(last "$work/plain")" "$(last "$work/plain-$ranks")" "$ranks" "$from" <<'PYTHON'
import array
import struct
import sys


def numbers(folder):
    with open(folder + "/parameters.safetensors", "rb") as file:
        file.seek(struct.unpack("<Q", file.read(8))[0], 1)
        return array.array("f", file.read())


one, other = numbers(sys.argv[1]), numbers(sys.argv[2])
assert len(one) == len(other) > 0
difference = max(abs(a - b) for a, b in zip(one, other))
size = max(abs(a) for a in one)
print(f"begun with 2 processes, killed, gone on from {sys.argv[4]} with {sys.argv[3]}: weights differ by {difference:.2g} at most, of {size:.2g}")
# 60 steps of rounded sums of a few hundred rows each.
sys.exit(difference > (0 if sys.argv[3] == "2" else 1e-5))
PYTHON
done

# A process with other data ends the run before its first step, and says so.
head -n 60 "$work/rows.jsonl" >"$work/other.jsonl"
command 1 "$work/other"
status=0
"${arguments[@]}" : -n 1 "$gyges" train "$work/recipe.yaml" -o "$work/other" --set 'data.sources=[other.jsonl]' >"$work/log" 2>&1 || status=$?
((status != 0)) && grep -m 1 "has another content of its training data" "$work/log" || { cat "$work/log"; exit 1; }
