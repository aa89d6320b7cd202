#!/usr/bin/env bash
# Kills a study ten times at random moments, resumes it, and compares its exports with those of a run that was left alone.
#
#   scripts/acceptance/kill_resume.sh GYGES [STUDY] [KILLS]
#
# Needs sqlite3. GYGES is the program, STUDY a study file (default: a scripted persona, which needs no model), KILLS how often to kill.
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

# Compares every exported table of a finished run with the undisturbed run's.
compared=0
compare() {
    "$gyges" study report "$1" >/dev/null
    while IFS= read -r file; do
        cmp "$work/whole/$file" "$1/$file"
        compared=$((compared + 1))
    done < <(cd "$work/whole" && find . -type f \( -name '*.csv' -o -name '*.jsonl' -o -name '*.json' \) | sort)
}

# How many rows a table of the killed run's journal has.
count() { sqlite3 "$work/killed/journal.sqlite" "SELECT count(*) FROM $1" 2>/dev/null || echo 0; }

killed=0
while ((killed < kills)); do
    # A wait of up to half of the whole, so that a run is met several times, from before its first row to its end.
    wait_for=$(((RANDOM * 32768 + RANDOM) % (span / 2 + 1)))
    # Every second time by `study resume`, once there is a run to resume; `study run` goes on with what it finds, too.
    if (($(count runs) > 0 && killed % 2 == 0)); then
        "$gyges" study resume "$work/killed" >"$work/log" 2>&1 &
    else
        # Not by way of the function: the process to kill would be a shell around it.
        "$gyges" study run "$study" --set "output=$work/killed" >"$work/log" 2>&1 &
    fi
    process=$!
    sleep "$(printf '%d.%03d' $((wait_for / 1000)) $((wait_for % 1000)))"
    kill -KILL "$process" 2>/dev/null || true
    status=0
    wait "$process" 2>/dev/null || status=$?
    if ((status == 137)); then
        killed=$((killed + 1))
        rows=$(count transcripts) judged=$(count judgements)
        echo "kill $killed after $wait_for ms: $rows transcripts, $judged judgements"
    elif ((status == 0)); then
        compare "$work/killed"
        echo "ended before a kill: its tables agree; once more from the beginning"
        rm -rf "$work/killed"
    else
        cat "$work/log"
        exit 1
    fi
done

run "$work/killed" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
compare "$work/killed"
((compared > 0)) || { echo "nothing was exported" >&2; exit 1; }
echo "killed $killed times; $compared exported tables are byte-identical"
