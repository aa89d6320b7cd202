#!/usr/bin/env bash
# Perplexity and pass keys of a model at 1, 2 and 4 times the length it was trained on, in three settings, as a curve.
#
#   scripts/acceptance/long_context.sh GYGES TEXT [MODEL] [FOLDER]
#
# GYGES is the program, TEXT a long plain text (WikiText-2's test part, for example), MODEL the model (default: smollm2-135m-instruct,
# trained on 8,192 tokens), FOLDER where results go (default: runs/long-context). A result that is already there is kept, so that a run
# that was stopped goes on.
#
# Each point is one window of TEXT that is read once: its last 1,024 tokens give the perplexity, and pass keys hidden in it at
# five depths are asked for after it. By estimate from shorter windows, a window of 32k tokens takes SmolLM2-135M about two and a half
# minutes on two free cores, and all nine points eleven to fifteen. WINDOWS=2 reads twice as much and narrows the intervals.
# Further variables: TRAINED (8192), LENGTHS, DEPTHS.
set -euo pipefail

gyges=$(realpath "${1:?usage: long_context.sh GYGES TEXT [MODEL] [FOLDER]}")
text=${2:?usage: long_context.sh GYGES TEXT [MODEL] [FOLDER]}
model=${3:-smollm2-135m-instruct}
folder=${4:-runs/long-context}
trained=${TRAINED:-8192}
lengths=${LENGTHS:-$trained,$((2 * trained)),$((4 * trained))}
longest=${lengths##*,}
mkdir -p "$folder"

# The settings by the name that the curve gives them.
measure() {
    local label=$1 setting=$2
    local result="$folder/$label.json"
    if [[ ! -s $result ]]; then
        echo "$label: reading $lengths tokens" >&2
        "$gyges" evaluate perplexity "$model" "$text" --lengths "$lengths" --windows "${WINDOWS:-1}" --scored 1024 \
            --depths "${DEPTHS:-10,30,50,70,90}" --label "$label" --json \
            --long-context "$setting" --context-length "$longest" >"$result.part"
        mv "$result.part" "$result"
    fi
    results+=("$result")
}

began=$SECONDS
results=()
measure "neither" none
measure "YaRN alone" yarn
measure "dual chunk + YaRN" both
"$gyges" evaluate chart "${results[@]}" --output "$folder/curve.svg" --trained "$trained" \
    --title "${model##*/} beyond the length it was trained on"
echo "$((SECONDS - began)) s in all"
