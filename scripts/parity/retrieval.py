"""Compares the figures of gyges evaluate retrieval with those that trec_eval makes of the same run, query by query.

    pip install pytrec_eval-terrier
    gyges evaluate retrieval MODEL FOLDER --run run.trec --json > result.json
    python scripts/parity/retrieval.py FOLDER/qrels/test.tsv run.trec result.json

Ends with status 0 only if every value agrees to 1e-6.
"""

import json
import sys

import pytrec_eval

NAMES = {"ndcg": "ndcg_cut", "recall": "recall", "precision": "P", "map": "map_cut"}


def main(judgements_path, run_path, result_path):
    judgements, run = {}, {}
    for line in open(judgements_path, encoding="utf-8").read().splitlines()[1:]:
        query, document, grade = line.split("\t")
        judgements.setdefault(query, {})[document] = int(grade)
    for line in open(run_path, encoding="utf-8"):
        query, _, document, _, score, _ = line.split()
        run.setdefault(query, {})[document] = float(score)
    result = json.load(open(result_path, encoding="utf-8"))
    worst, compared = 0.0, 0
    for place, measure in enumerate(result["measures"]):
        name, cut = measure["metric"].split("@")
        found = run
        if name == "mrr":
            # trec_eval cannot cut this one off.
            found = {query: dict(sorted(ranked.items(), key=lambda entry: (entry[1], entry[0].encode()), reverse=True)[:int(cut)])
                     for query, ranked in run.items()}
            theirs = "recip_rank"
            evaluator = pytrec_eval.RelevanceEvaluator(judgements, {theirs})
        else:
            evaluator = pytrec_eval.RelevanceEvaluator(judgements, {f"{NAMES[name]}.{cut}"})
            theirs = f"{NAMES[name]}_{cut}"
        values = evaluator.evaluate(found)
        total = 0.0
        for query in result["queries"]:
            # A query for which nothing was found is not in the run.
            value = values.get(query["id"], {}).get(theirs, 0.0)
            worst = max(worst, abs(value - query["values"][place]))
            total += value
            compared += 1
        mean = total / len(result["queries"])
        worst = max(worst, abs(mean - measure["value"]))
        print(f"{measure['metric']:14} gyges {measure['value']:.6f}  trec_eval {mean:.6f}")
    print(f"{compared} values compared, largest difference {worst:.2e}")
    return 0 if compared and worst < 1e-6 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
