"""Converts the Cranfield collection (1,400 abstracts, 225 queries; Cleverdon 1967) to a folder as BEIR lays it out.

    python scripts/cranfield_to_beir.py FOLDER_WITH_CRAN_FILES OUTPUT

FOLDER_WITH_CRAN_FILES holds cran.all.1400, cran.qry and cranqrel. Queries get the numbers that cranqrel uses, which count from 1 in the
order of cran.qry. Grades stay as they are (4 the best, -1 of no interest).
"""

import json
import pathlib
import re
import sys


def records(text):
    """Each record's fields by their letters."""
    for part in re.split(r"^\.I\s+\d+\s*$", text, flags=re.M)[1:]:
        fields = re.split(r"^\.([TABW])\s*$", part, flags=re.M)[1:]
        yield {letter: " ".join(value.split()) for letter, value in zip(fields[::2], fields[1::2])}


def main(source, target):
    (target / "qrels").mkdir(parents=True, exist_ok=True)

    def write(name, rows):
        (target / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    documents = list(records((source / "cran.all.1400").read_text()))
    queries = list(records((source / "cran.qry").read_text()))
    # The text of a document begins with its title, which is not to count twice.
    write("corpus.jsonl", ({"_id": str(number), "title": document.get("T", ""),
                            "text": document.get("W", "").removeprefix(document.get("T", "")).strip()}
                           for number, document in enumerate(documents, 1)))
    write("queries.jsonl", ({"_id": str(number), "text": query["W"]} for number, query in enumerate(queries, 1)))
    rows = {}
    for line in (source / "cranqrel").read_text().splitlines():
        query, document, grade = line.split()
        rows[query, document] = grade
    (target / "qrels/test.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t{grade}\n" for (q, d), grade in rows.items()))
    print(f"{len(documents)} documents, {len(queries)} queries, {len(rows)} judgements")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
