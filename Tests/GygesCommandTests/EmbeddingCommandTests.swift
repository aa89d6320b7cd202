import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// The commands that make and compare vectors, on the tiny random models of the inference tests.
@Suite struct EmbeddingCommandTests {
    /// A task's model; with `prompts`, laid out as sentence-transformers does.
    private func model(
        _ task: String = "fill", prompts: String? = nil, in folder: TemporaryFolder
    ) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let source = tests.path + "/GygesInferenceTests/Fixtures/encoder-tasks/"
        let path = folder.path + "/\(task)-\(prompts == nil ? "plain" : "prompts")"
        try FileManager.default.copyItem(atPath: source + task, toPath: path)
        try FileManager.default.copyItem(atPath: source + "tokenizer.json", toPath: path + "/tokenizer.json")
        guard let prompts else { return path }
        try FileManager.default.createDirectory(atPath: path + "/1_Pooling", withIntermediateDirectories: true)
        let modules = #"[{"path": "", "type": "m.Transformer"}, {"path": "1_Pooling", "type": "m.Pooling"}]"#
        try AtomicFile.write(modules, to: path + "/modules.json")
        try AtomicFile.write(#"{"pooling_mode_cls_token": true}"#, to: path + "/1_Pooling/config.json")
        try AtomicFile.write(#"{"prompts": \#(prompts)}"#, to: path + "/config_sentence_transformers.json")
        return path
    }

    private func run(_ arguments: [String], input: String = "") throws -> String {
        let outcome = try Program.run(arguments, input: input)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome.output
    }

    private func rows(_ text: String) throws -> [JSON] {
        try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    private func contents(_ path: String) throws -> [UInt8] { try MappedFile.read(path: path) }

    @Test("Vectors are the same from the command line, plain lines and JSON, alone and together")
    func embeds() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        let texts = ["the ring of gyges", "a horse", "", "the ring of gyges"]
        let together = try rows(try run(["embed", model] + texts))
        #expect(together.map { $0["id"] } == [0, 1, 2, 3])
        #expect(
            together[0]["embedding"] == together[3]["embedding"] && together[0]["embedding"] != together[1]["embedding"]
        )
        let squares = together[0]["embedding"]?.array?.reduce(0) { $0 + ($1.double ?? 0) * ($1.double ?? 0) } ?? 0
        #expect(abs(squares - 1) < 1e-5)
        #expect(try rows(try run(["embed", model, texts[1]]))[0]["embedding"] == together[1]["embedding"])
        #expect(try rows(try run(["embed", model], input: texts.joined(separator: "\n"))) == together)
        let json = #"{"_id": "a", "title": "the ring", "text": "of gyges"}"# + "\n" + #""a horse""#
        let named = try rows(try run(["embed", model, "--jsonl", "--fields", "title,text"], input: json))
        #expect(named.map { $0["id"] } == ["a", 1])
        #expect(named.map { $0["embedding"] } == [together[0]["embedding"], together[1]["embedding"]])
        let short = try rows(
            try run(["embed", model, "a horse", "--truncate-dimensions", "5", "--encoding", "base64"]))
        #expect(Data(base64Encoded: short[0]["embedding"]?.string ?? "")?.count == 20)
        let sparse = try rows(try run(["embed", model, "a horse", "--sparse"]))[0]
        #expect(sparse["indices"]?.array?.count == sparse["values"]?.array?.count && sparse["values"]?[0] != nil)
        let tokens = try rows(try run(["embed", model, "a horse", "--token-vectors"]))[0]
        #expect(tokens["tokens"]?.array?.count == tokens["vectors"]?.array?.count)
    }

    @Test("A model's prompts are found by their names and by what texts are for")
    func usesPrompts() throws {
        let folder = try TemporaryFolder()
        let model = try model(prompts: #"{"query": "find: ", "passage": "text: "}"#, in: folder)
        func vector(_ text: String, _ options: String...) throws -> JSON? {
            try rows(try run(["embed", model, text] + options))[0]["embedding"]
        }
        let found = try vector("find: a ring")
        #expect(try vector("a ring", "--as", "query") == found)
        #expect(try vector("a ring", "--prompt", "query") == found)
        #expect(try vector("a ring", "--prefix", "find: ") == found)
        #expect(try vector("a ring", "--as", "document") == vector("text: a ring"))
        #expect(try vector("a ring") != found)
        let unknown = try Program.run(["embed", model, "a ring", "--prompt", "cooking"])
        #expect(unknown.status == 1 && unknown.errors.contains("query, passage"), "\(unknown.errors)")
    }

    @Test("A late-interaction folder's queries are filled up, its documents lose what it skips, and MaxSim orders them")
    func comparesTokens() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        try AtomicFile.write(#"[{"path": "", "type": "m.Transformer"}]"#, to: model + "/modules.json")
        try AtomicFile.write(
            #"{"query_prefix": "", "document_prefix": "", "query_length": 12, "skiplist_words": [",", "."]}"#,
            to: model + "/config_sentence_transformers.json")
        func row(_ text: String, _ role: String) throws -> JSON {
            try rows(try run(["embed", model, text, "--as", role]))[0]
        }
        let query = try row("a ring.", "query")
        #expect(query["tokens"]?.array?.count == 12 && query["vectors"]?.array?.count == 12)
        let (short, long) = (try row("a ring gold", "document"), try row("a ring., gold", "document"))
        #expect(short["tokens"] == long["tokens"] && short["vectors"] != long["vectors"])
        let texts = ["the king.", "a ring"]
        let result = try JSON(parsing: try run(["rerank", model, "a ring", "--json", "--quiet"] + texts))
        // The score that the vectors themselves give.
        func vectors(_ row: JSON) -> [[Double]] {
            row["vectors"]?.array?.map { $0.array?.compactMap(\.double) ?? [] } ?? []
        }
        let sought = vectors(try row("a ring", "query"))
        for entry in try #require(result["results"]?.array) {
            let document = vectors(try row(try #require(entry["text"]?.string), "document"))
            let score = sought.reduce(0.0) { sum, a in
                sum + (document.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }.max() ?? 0)
            }
            #expect(abs((entry["score"]?.double ?? .nan) - score) < 1e-4)
        }
    }

    @Test("A file of many texts is gone on with, whatever was left of it, and refused under other settings")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        let texts = (0..<5000).map { "{\"id\": \"t\($0)\", \"text\": \"ring \($0 % 700)\"}\n" }.joined()
        let input = try folder.write(Array(texts.utf8), to: "texts.jsonl")
        for name in ["rows.jsonl", "rows.npy"] {
            let (whole, part) = (folder.path + "/whole-" + name, folder.path + "/" + name)
            func embed(_ output: String, _ options: String...) throws -> Program.Outcome {
                try Program.run(["embed", model, "--input", input, "--output", output, "--quiet"] + options)
            }
            #expect(try embed(whole).status == 0)
            let expected = try contents(whole)
            // As a kill leaves it: some windows are noted, and more bytes than that are there.
            let record = try contents(whole + ".progress").split(separator: 0x0A)
            try AtomicFile.write(expected.prefix(expected.count * 2 / 3), to: part)
            try AtomicFile.write(
                Array(record.prefix(name == "rows.npy" ? 3 : 2).joined(separator: [0x0A])) + [0x0A, 0x7B],
                to: part + ".progress")
            #expect(try embed(part).errors.contains("--resume"))
            let other = try embed(part, "--resume", "--truncate-dimensions", "3")
            #expect(other.status == 1 && other.errors.contains("differs in dimensions"), "\(other.errors)")
            #expect(try embed(part, "--resume").status == 0)
            #expect(try contents(part) == expected)
            #expect(try contents(part + ".progress") == contents(whole + ".progress"))
        }
        let piped = folder.path + "/piped.jsonl"
        for options in [[], ["--resume"]] {
            // Standard input can be read only once, and not be counted.
            _ = try run(["embed", model, "--jsonl", "--output", piped] + options, input: texts)
            #expect(try contents(piped) == contents(folder.path + "/whole-rows.jsonl"))
        }
        let rows = try contents(folder.path + "/rows.npy")
        #expect(String(decoding: rows[..<128], as: UTF8.self).contains("(5000, 24)"))
        #expect(rows.count == 128 + 5000 * 24 * 4)
    }

    @Test(
        "Files follow one another; what a name promises and is not done is refused, as is pooling of what is not pooled"
    )
    func refuses() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        let first = try folder.write(Array("a ring\n".utf8), to: "a.txt")
        let second = try folder.write(Array("a king\n\na ring".utf8), to: "b.txt")
        let read = try rows(try run(["embed", model, "--input", first, "--input", second]))
        #expect(read.map { $0["id"] } == [0, 1, 2, 3] && read[0]["embedding"] == read[3]["embedding"])
        let table = try folder.write(Array("id,text\n1,a ring\n".utf8), to: "t.csv")
        let list = try folder.write(Array(#"["a ring"]"#.utf8), to: "t.json")
        let lines = try folder.write(Array("\"a\"\n".utf8), to: "c.jsonl")
        for (options, mention) in [
            (["--input", table], "a CSV table"), (["--input", list], "jq"), (["a", "--output", "o.csv"], ".jsonl"),
            (["a", "--pooling", "mean", "--token-vectors"], "--pooling"),
            (["--input", first, "--input", lines], "plain lines"),
        ] {
            let outcome = try Program.run(["embed", model] + options)
            #expect(outcome.status != 0 && outcome.errors.contains(mention), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        try AtomicFile.write(#"[{"path": "", "type": "m.Transformer"}]"#, to: model + "/modules.json")
        try AtomicFile.write(
            #"{"query_prefix": "", "document_prefix": "", "query_length": 12}"#,
            to: model + "/config_sentence_transformers.json")
        let pooled = try Program.run(["embed", model, "a", "--pooling", "cls"])
        #expect(pooled.status == 64 && pooled.errors.contains("a vector for each token"), "\(pooled.errors)")
    }

    @Test(
        "Vectors of tokens and sparse ones go into archives of NumPy's arrays, which a run that was killed goes on with"
    )
    func writesArchives() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        let lines = (0..<150).map { "text \($0) " + String(repeating: "ring ", count: $0 % 7) }
        let input = try folder.write(lines.joined(separator: "\n"), to: "in.txt")
        let output = folder.path + "/tokens.npz"
        _ = try run(["embed", model, "--token-vectors", "--input", input, "-o", output, "--dtype", "f16"])
        let rows = try rows(try run(["embed", model, "--token-vectors", "--input", input]))
        let zip = try ZipReader(path: output)
        func array(_ name: String, _ shape: String) throws -> [UInt8] {
            let entry = try #require(zip.entries.first { $0.name == name + ".npy" })
            let bytes = try zip.contents(of: entry, limit: 1 << 24)
            let heading = String(decoding: bytes[..<128], as: UTF8.self)
            #expect(heading.contains(shape), "\(name): \(heading)")
            return Array(bytes[128...])
        }
        let counts = rows.map { $0["tokens"]?.array?.count ?? 0 }
        let total = counts.reduce(0, +)
        let offsets = try array("offsets", "'<i8', 'fortran_order': False, 'shape': (151,)")
        let read = offsets.withUnsafeBytes { Array($0.bindMemory(to: Int64.self)) }
        #expect(read.first == 0 && zip.entries.count == 3 && steps(of: read) == counts)
        let tokens = try array("tokens", "'<i4', 'fortran_order': False, 'shape': (\(total),)")
        #expect(
            tokens.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }.map { Int($0) }
                == rows.flatMap { $0["tokens"]?.array?.compactMap(\.integer) ?? [] })
        let vectors = try array("vectors", "'<f2', 'fortran_order': False, 'shape': (\(total), 24)")
        let floats = vectors.withUnsafeBytes { $0.bindMemory(to: UInt16.self).map { Float(Float16(bitPattern: $0)) } }
        let exact = rows.flatMap { $0["vectors"]?.array?.flatMap { $0.array?.compactMap(\.double) ?? [] } ?? [] }
        #expect(floats.count == exact.count && distance(floats, exact) < 1e-3)

        #expect(try Program.run(["embed", model, "--token-vectors", "--input", input, "-o", output]).status == 1)
        // A folder in its place keeps the archive from being written: the rows of half the texts stay, as after a kill.
        let whole = try contents(output)
        let other = folder.path + "/other.npz"
        let half = try folder.write(lines[..<70].joined(separator: "\n"), to: "half.txt")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        let begun = ["embed", model, "--token-vectors", "-o", other, "--dtype", "f16", "--input"]
        #expect(try Program.run(begun + [half, "--overwrite"]).status == 1)
        try FileManager.default.removeItem(atPath: other)
        _ = try run(begun + [input, "--resume"])
        #expect(try contents(other) == whole)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("other") }
        #expect(left == ["other.npz"])

        let weights = folder.path + "/weights.npz"
        _ = try run(["embed", model, "--sparse", "a ring", "", "-o", weights])
        let names = try ZipReader(path: weights).entries.map(\.name)
        #expect(names == ["indptr.npy", "indices.npy", "data.npy", "format.npy", "shape.npy"])
        let sparse = folder.path + "/sparse.npz"
        let refused = try Program.run(["embed", model, "a", "-o", sparse])
        #expect(refused.status == 1 && refused.errors.contains(".npy"), "\(refused.errors)")
    }

    /// What each number exceeds the one before it by.
    private func steps(of numbers: [Int64]) -> [Int] { zip(numbers.dropFirst(), numbers).map { Int($0 - $1) } }

    /// The largest difference.
    private func distance(_ a: [Float], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    }

    @Test("Vectors are written in fewer bytes, and pairs compared by what their vectors say")
    func writesOtherNumbers() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        let texts = ["the ring of gyges", "a horse"]
        let exact = try rows(try run(["embed", model] + texts)).map {
            $0["embedding"]?.array?.compactMap(\.double) ?? []
        }
        for (dtype, type, width) in [("f16", "<f2", 24), ("int8", "|i1", 24), ("binary", "|u1", 3)] {
            let output = "\(folder.path)/\(dtype).npy"
            _ = try run(["embed", model, "--output", output, "--dtype", dtype] + texts)
            let bytes = try contents(output)
            let heading = String(decoding: bytes[..<128], as: UTF8.self)
            #expect(heading.contains("'\(type)'") && heading.contains("(2, \(width))"), "\(heading)")
            #expect(bytes.count == 128 + 2 * width * (dtype == "f16" ? 2 : 1))
        }
        let whole = try rows(try run(["embed", model, "--dtype", "int8"] + texts))
        for (row, vector) in zip(whole, exact) {
            let scale = try #require(row["scale"]?.double)
            let near = row["embedding"]?.array?.compactMap(\.double).map { $0 * scale } ?? []
            #expect(near.count == 24 && zip(near, vector).allSatisfy { abs($0 - $1) <= scale * 0.501 })
        }
        let refused = try Program.run(["embed", model, "a", "--sparse", "--dtype", "int8"])
        #expect(refused.status == 1 && refused.errors.contains("f32"), "\(refused.errors)")
        #expect(try Program.run(["embed", model, "a", "--dtype", "f8"]).status == 64)

        let score = try #require(
            try rows(try run(["similarity", model, "--json"] + texts)).first?["score"]?.double)
        #expect(abs(score - zip(exact[0], exact[1]).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-5)
        let pairs =
            #"{"id": 3, "text": "the ring of gyges", "second": "a horse"}"# + "\n" + #"{"text": "alone"}"# + "\n"
            + #"{"text": "a horse", "second": "a horse"}"#
        let outcome = try Program.run(["similarity", model, "--jsonl", "--json"], input: pairs)
        #expect(outcome.status == 1 && outcome.errors.contains("line 2"), "\(outcome.errors)")
        let scored = try rows(outcome.output)
        #expect(scored.count == 3 && scored[0]["id"] == 3 && scored[0]["score"]?.double == score)
        #expect(scored[1]["error"] != nil && abs((scored[2]["score"]?.double ?? 0) - 1) < 1e-5)
    }

    @Test("Memory does not grow with the number of texts")
    func boundsMemory() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        func peak(_ count: Int) throws -> Int {
            let texts = (0..<count).map { "ring \($0) of the shepherd in the cave\n" }.joined()
            let input = try folder.write(Array(texts.utf8), to: "\(count).txt")
            let outcome = try Program.run(
                ["embed", model, "--input", input, "--output", folder.path + "/\(count).jsonl", "--quiet"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.peakMemory
        }
        let (few, many) = (try peak(4_000), try peak(24_000))
        // The vectors alone of what came between would be 2 MB, their text 6 MB, the tokens' and texts' records more.
        #expect(many < few + 8 << 20, "\(few) and \(many) bytes")
    }

    @Test("Texts are ordered by a cross-encoder's scores or by their vectors")
    func reranks() throws {
        let folder = try TemporaryFolder()
        let texts = ["the king", "a ring", "a ring of gold"]
        for (task, options) in [
            ("grade", []), ("grade", ["--raw-scores"]), ("fill", []), ("fill", ["--token-vectors"]),
            ("fill", ["--sparse"]),
        ] {
            let model = folder.path + "/\(task)-plain"
            if !FileManager.default.fileExists(atPath: model) { _ = try self.model(task, in: folder) }
            let result = try JSON(parsing: try run(["rerank", model, "a ring", "--json", "--quiet"] + options + texts))
            let results = try #require(result["results"]?.array)
            #expect(Set(results.compactMap { $0["index"]?.integer }) == [0, 1, 2])
            #expect(results.allSatisfy { $0["text"]?.string == texts[$0["index"]?.integer ?? 0] })
            let scores = results.compactMap { $0["score"]?.double }
            #expect(scores == scores.sorted(by: >) && scores.count == 3)
            if task == "fill", options.isEmpty { #expect(results[0]["text"] == "a ring" && abs(scores[0] - 1) < 1e-5) }
        }
        let named = try run(
            ["rerank", folder.path + "/fill-plain", "a ring", "--jsonl", "--top-k", "1", "--quiet"],
            input: #"{"id": "x", "text": "the king"}"# + "\n" + #"{"id": "y", "text": "a ring"}"#)
        #expect(named.contains("y") && !named.contains("x   "), "\(named)")
    }

    @Test("A collection is searched; the result is read back and compared, the run is TREC's")
    func evaluatesRetrieval() throws {
        let folder = try TemporaryFolder()
        let model = try model(in: folder)
        let collection = folder.path + "/collection"
        try FileManager.default.createDirectory(atPath: collection + "/qrels", withIntermediateDirectories: true)
        let words = ["ring", "king", "cave", "horse", "gold"]
        try AtomicFile.write(
            words.map { "{\"_id\": \"d-\($0)\", \"title\": \"\", \"text\": \"the \($0)\"}\n" }.joined(),
            to: collection + "/corpus.jsonl")
        try AtomicFile.write(
            words.map { "{\"_id\": \"q-\($0)\", \"text\": \"the \($0)\"}\n" }.joined(),
            to: collection + "/queries.jsonl")
        try AtomicFile.write(
            "query-id\tcorpus-id\tscore\n" + words.map { "q-\($0)\td-\($0)\t1\n" }.joined(),
            to: collection + "/qrels/test.tsv")
        let arguments = ["evaluate", "retrieval", model, collection, "--quiet", "--metrics", "ndcg@10,mrr@3"]
        for options in [[], ["--token-vectors"]] {
            let output = try run(arguments + options + ["--json", "--run", folder.path + "/run.trec"])
            let result = try JSON(parsing: output)
            #expect(result["measures"]?[0]?["value"]?.double == 1, "\(output)")
            #expect(result["queries"]?.array?.count == 5 && result["documentCount"] == 5)
            let run = try String(contentsOfFile: folder.path + "/run.trec", encoding: .utf8).split(separator: "\n")
            #expect(run.count == 25 && run[0].hasPrefix("q-ring Q0 d-ring 1 "))
            try AtomicFile.write(output, to: folder.path + "/result.json")
        }
        // Ordered anew by the same vectors, a run keeps its order; a cross-encoder's is its own.
        let found = folder.path + "/run.trec"
        func lines(_ path: String) throws -> [[Substring]] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
        }
        let anew = folder.path + "/anew.trec"
        _ = try run([
            "rerank", model, "--token-vectors", "--run", found, "--collection", collection, "-o", anew, "--quiet",
        ])
        #expect(try lines(anew).map { Array($0[..<4]) } == lines(found).map { Array($0[..<4]) })
        let grade = try self.model("grade", in: folder)
        let cross = ["rerank", grade, "--run", found, "--collection", collection, "--depth", "3", "--quiet"]
        let whole = try run(cross).split(separator: "\n").map { $0.split(separator: " ") }
        #expect(whole.count == 15 && Set(whole.map { $0[0] }).count == 5)
        let scores = whole.prefix(3).compactMap { Float($0[4]) }
        #expect(scores.count == 3 && scores == scores.sorted(by: >))
        _ = try run(cross + ["-o", folder.path + "/cross.trec"])
        #expect(try lines(folder.path + "/cross.trec") == whole)
        _ = try run(cross + ["-o", folder.path + "/cross.trec", "--resume"])
        #expect(try lines(folder.path + "/cross.trec") == whole)
        for (text, mention) in [
            ("q-ring Q0 d-ring 1 x run", "line 1"), ("q-ring Q0 d-none 1 2 run", "d-none"), ("", "no rankings"),
            ("q Q0 a 1 2 r\nq Q0 a 2 1 r", "line 2"),
        ] {
            let broken = try folder.write(Array(text.utf8), to: "broken.trec")
            let refused = try Program.run(["rerank", grade, "--run", broken, "--collection", collection])
            #expect(refused.status == 1 && refused.errors.contains(mention), "\(refused.errors)")
        }

        let compared = try run(arguments + ["--baseline", folder.path + "/result.json"])
        #expect(compared.contains("+0.0000") && compared.contains("5 queries, 5 documents"), "\(compared)")
        let refused = try Program.run(["evaluate", "retrieval", model, collection, "--split", "dev"])
        #expect(refused.status == 1 && refused.errors.contains("--split test"))
    }
}
