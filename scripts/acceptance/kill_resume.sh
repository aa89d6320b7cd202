#!/usr/bin/env bash
# Kills a study ten times at random moments, resumes it, and compares its exports with those of a run that was left alone.
#
#   scripts/acceptance/kill_resume.sh GYGES [STUDY] [KILLS]
#
# GYGES is the program, STUDY a study file (default: a scripted persona, which needs no model), KILLS how often to kill.
# Ends with status 0 only if every exported table is byte-identical.
set -euo pipefail

gyges=$(realpath "${1:?usage: kill_resume.sh GYGES [STUDY] [KILLS]}")
kills=${3:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ -n ${2:-} ]]; then
    study=$(realpath "$2")
else
    study=$work/study.yaml
    # Enough rows, each flushed to the disk, that ten random moments fall into the run.
    cat >"$study" <<'YAML'
version: 1
name: killed
subject: persona:untidy
scenarios: [helpful-only, animal-welfare]
samplesPerPrompt: 60
judges: [rules, model]
YAML
fi

run() { "$gyges" study run "$study" --set "output=$1"; }

# The time of an undisturbed run, in milliseconds, is what the random moments are drawn from.
began=$(date +%s%N)
run "$work/whole" >"$work/whole.log" 2>&1 || { cat "$work/whole.log"; exit 1; }
span=$((($(date +%s%N) - began) / 1000000))
"$gyges" study report "$work/whole" >/dev/null
echo "undisturbed: $span ms"

killed=0
alive=0
for ((attempt = 1; attempt <= kills; attempt++)); do
    # Spread over what is left of the run: each wait is random, and all together nearly fill it.
    left=$((span > alive ? span - alive : 1))
    wait_for=$(((RANDOM * 32768 + RANDOM) % (left * 16 / (kills - attempt + 2) / 10 + 1)))
    alive=$((alive + wait_for))
    # `study run` goes on with what it finds, as `study resume` does; the first call may find nothing at all.
    if [[ -e $work/killed/journal.sqlite ]] && ((attempt % 2 == 0)); then
        "$gyges" study resume "$work/killed" >"$work/log" 2>&1 &
    else
        # Not by way of the function: the process to kill would be a shell around it.
        "$gyges" study run "$study" --set "output=$work/killed" >"$work/log" 2>&1 &
    fi
    process=$!
    sleep "$(printf '%d.%03d' $((wait_for / 1000)) $((wait_for % 1000)))"
    if kill -KILL "$process" 2>/dev/null; then killed=$((killed + 1)); fi
    wait "$process" 2>/dev/null || true
    rows=$(sqlite3 "$work/killed/journal.sqlite" 'SELECT count(*) FROM transcripts' 2>/dev/null || echo 0)
    echo "kill $attempt after $wait_for ms: $rows transcripts"
done

run "$work/killed" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$gyges" study report "$work/killed" >/dev/null

compared=0
while IFS= read -r file; do
    cmp "$work/whole/$file" "$work/killed/$file"
    compared=$((compared + 1))
done < <(cd "$work/whole" && find . -type f \( -name '*.csv' -o -name '*.jsonl' -o -name '*.json' \) | sort)
((compared > 0)) || { echo "nothing was exported" >&2; exit 1; }
((killed == kills)) || echo "note: $((kills - killed)) of $kills came too late" >&2
echo "killed $killed times; $compared exported tables are byte-identical"
