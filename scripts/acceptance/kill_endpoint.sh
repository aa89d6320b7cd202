#!/usr/bin/env bash
# Kills a study of an endpoint that fails a fifth of its calls, at random moments, resumes it, and compares its exports with those of a
# run that was left alone. Afterwards a second process tries to write the same run while the first does.
#
#   scripts/acceptance/kill_endpoint.sh GYGES [KILLS]
#
# Needs python3 and sqlite3. Ends with status 0 only if every exported table is byte-identical and the second process is refused.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
gyges=$(realpath "${1:?usage: kill_endpoint.sh GYGES [KILLS]}")
kills=${2:-50}
folder=$(mktemp -d)
python3 "$here/fake_endpoint.py" >"$folder/port" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
until [[ -s $folder/port ]]; do sleep 0.1; done

cat >"$folder/study.yaml" <<YAML
version: 1
name: endpoint
subject: http://127.0.0.1:$(<"$folder/port")/v1#fake
scenarios: [helpful-only, animal-welfare]
samplesPerPrompt: 10
judges: [rules]
# So often that no call is lost for good: each fails with a probability of a fifth.
endpoint: { attempts: 30 }
YAML
"$here/kill_resume.sh" "$gyges" "$folder/study.yaml" "$kills"

"$gyges" study run "$folder/study.yaml" --set "output=$folder/two" >"$folder/first.log" 2>&1 &
first=$!
until [[ -e $folder/two/run.lock && -s $folder/two/run.lock ]]; do sleep 0.05; done
if "$gyges" study run "$folder/study.yaml" --set "output=$folder/two" --quiet >"$folder/second.log" 2>&1; then
    echo "a second process was let in" >&2
    exit 1
fi
grep -q "another process is writing this run" "$folder/second.log" || { cat "$folder/second.log" >&2; exit 1; }
wait "$first" || { cat "$folder/first.log" >&2; exit 1; }
[[ $(sqlite3 "$folder/two/journal.sqlite" "PRAGMA integrity_check") == ok ]]
echo "a second process was refused while the first wrote, and the first ended well"
