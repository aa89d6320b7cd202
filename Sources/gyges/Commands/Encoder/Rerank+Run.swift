import GygesEvaluation
import GygesFiles

extension Rerank {
    /// Orders what an earlier search found, a query after another.
    func rankRun(_ path: String, _ folder: String) throws {
        let run = try RetrievalRun(path: path).cut(to: depth)
        let texts = try RunTexts(folder: folder, for: run)
        let ranker = try ranker()
        let output = try rows.open(reading: [path]) {
            var identity = try identity(ranker)
            identity["depth"] = .integer(depth)
            identity["name"] = .string(encoder.model)
            for file in [path, folder + "/queries.jsonl", folder + "/corpus.jsonl"] {
                identity[file] = .string(try Digest.sha256(file: file))
            }
            return identity
        }
        let bar = ProgressBar(.items("queries"), isShown: !rows.quiet)
        defer { bar.finish() }
        let queries = run.rankings.map(\.query.text)
        try output.answer(
            RowReader(texts: queries), together: 1,
            progress: { bar.update("ranking", count: $0, of: queries.count) },
            with: { _, number in
                let ranking = run.rankings[number]
                let found = ranking.documents.map(\.id)
                let ranked = try ranker.ranking(
                    of: found.map { texts.documents[$0] ?? "" }, for: texts.queries[ranking.query] ?? "")
                let anew = RetrievalRun.Ranking(
                    query: ranking.query,
                    documents: ranked.prefix(topK ?? found.count).map {
                        RankedDocument(id: found[$0.index], score: $0.score)
                    })
                return [Array(anew.lines(name: encoder.model).utf8)]
            })
    }
}
