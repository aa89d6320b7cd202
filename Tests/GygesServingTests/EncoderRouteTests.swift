import Foundation
import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesTemplates
import GygesWire
import GygesTestSupport
import Testing

@testable import GygesServing

/// Vectors, ranks, tokens and keys over HTTP.
@Suite struct EncoderRouteTests {
    @Test func vectorsAreTheEncodersOwn() async throws {
        try await ServingServer.run { server async throws in
            guard case .encoder(let encoder) = server.routes.shelf.models[1].engine else { return }
            let texts = ["a ring", "the quick brown fox"]
            let own: [[Float]] = try await encoder.embeddings(of: texts)
            let input = JSON.array(texts.map { .string($0) })
            for encoding in ["float", "base64"] {
                let json = try await server.json(
                    "/v1/embeddings", ["model": "encoder", "input": input, "encoding_format": .string(encoding)])
                #expect(try EmbeddingReply(json, source: "server").vectors == own)
                #expect((json["usage"]?["prompt_tokens"]?.integer ?? 0) > 2)
            }
            let tokens = try await server.post("/v1/embeddings", ["model": "encoder", "input": [[1, 2]]])
            #expect(tokens.status == 400 && tokens.text.contains("check_embedding_ctx_length"))
            #expect(try await server.post("/v1/embeddings", ["model": "chat", "input": "a"]).status == 400)
            #expect(
                try await server.post("/v1/embeddings", ["model": "encoder", "input": "a", "dimensions": 60_000]).status
                    == 400)
        }
    }

    @Test func ranksComeInBothForms() async throws {
        try await ServingServer.run { server async throws in
            guard case .encoder(let ranker) = server.routes.shelf.models[2].engine else { return }
            let texts = ["a ring", "the quick brown fox", "gold"]
            let own = try await ranker.rerank(query: "ring", texts: texts)
            let documents = JSON.array(texts.map { .string($0) })
            let cohere = try await server.json(
                "/v1/rerank",
                ["model": "ranker", "query": "ring", "documents": documents, "top_n": 2, "return_documents": true])
            let results = try #require(cohere["results"]?.array)
            #expect(results.compactMap { $0["index"]?.integer } == own.prefix(2).map(\.index))
            #expect(
                results.compactMap { $0["relevance_score"]?.double.map { Float($0) } } == own.prefix(2).map(\.score))
            #expect(results[0]["document"]?["text"]?.string == texts[own[0].index])
            let other = try await server.json("/rerank", ["model": "ranker", "query": "ring", "texts": documents])
            #expect(other.array?.compactMap { $0["index"]?.integer } == own.map(\.index))
            let labels = try await server.json("/v1/classify", ["model": "ranker", "input": documents])
            #expect(labels["data"]?.array?.count == 3)
        }
    }

    @Test func pairsAreScored() async throws {
        try await ServingServer.run { server async throws in
            guard case .encoder(let ranker) = server.routes.shelf.models[2].engine,
                case .encoder(let encoder) = server.routes.shelf.models[1].engine
            else { return }
            let texts = ["a ring", "gold"]
            let own = try await ranker.rerank(query: "ring", texts: texts)
            func scores(_ body: JSON) async throws -> [Float] {
                let json = try await server.json("/v1/score", body)
                #expect((json["usage"]?["prompt_tokens"]?.integer ?? 0) > 2 && json["object"] == "list")
                return json["data"]?.array?.compactMap { $0["score"]?.double.map { Float($0) } } ?? []
            }
            let expected = own.sorted { $0.index < $1.index }.map(\.score)
            let list = JSON.array(texts.map { .string($0) })
            #expect(try await scores(["model": "ranker", "text_1": "ring", "text_2": list]) == expected)
            #expect(try await scores(["model": "ranker", "text_1": ["ring", "ring"], "text_2": list]) == expected)
            let vectors: [[Float]] = try await encoder.embeddings(
                of: ["ring"] + texts, options: .init(normalizes: true))
            let cosines = vectors.dropFirst().map { zip(vectors[0], $0).reduce(Float(0)) { $0 + $1.0 * $1.1 } }
            #expect(try await scores(["model": "encoder", "text_1": "ring", "text_2": list]) == cosines)
            // Pairs get labels, too, and other ones than their halves.
            let pairs = try await server.json(
                "/predict", ["model": "ranker", "inputs": [["ring", "a ring"], ["ring", "gold"]]])
            let single = try await server.json("/predict", ["model": "ranker", "inputs": ["ring", "gold"]])
            #expect(pairs.array?.count == 2 && pairs[1] == single)
            #expect(try await server.json("/predict", ["model": "ranker", "inputs": "ring"]) != single)
        }
    }

    /// Of several models, the first that can do what is asked does it where none is named.
    @Test func requestsWithoutAModelFindOneThatCan() async throws {
        let decoder = try LanguageModel(path: fixturePath("tiny-chat", of: "GygesInference"))
        let folder = try TemporaryFolder()
        let tasks = fixturePath("encoder-tasks", of: "GygesInference")
        for name in ["topics/config.json", "topics/model.safetensors", "tokenizer.json"] {
            let last = name.split(separator: "/").last ?? ""
            try FileManager.default.copyItem(atPath: "\(tasks)/\(name)", toPath: "\(folder.path)/\(last)")
        }
        let labels = try TextEncoder(path: folder.path)
        let ranker = try TextEncoder(path: fixturePath("tiny-reranker", of: "GygesInference"))
        let shelf = try ModelShelf([
            try ServedModel(name: "chat", decoder: decoder, created: 7),
            ServedModel(name: "labels", encoder: labels, created: 7),
            ServedModel(name: "ranker", encoder: ranker, created: 7),
        ])
        let metrics = ServingMetrics(now: { 0 })
        func origin() -> RequestOrigin { RequestOrigin(id: "", path: "") }
        let asked = try PairScoreRequest(JSON(parsing: #"{"text_1":"a","text_2":"b"}"#))
        #expect(try await shelf.scores(asked) { metrics.begin($0, of: origin()) }.model.name == "ranker")
        let ranking = try RankingRequest(JSON(parsing: #"{"query":"a","documents":["b"]}"#))
        let json = try await shelf.ranking(ranking, id: "r") { metrics.begin($0, of: origin()) }
        #expect(json["model"] == "ranker")
        let classes = try LabelRequest(JSON(parsing: #"{"input":"a"}"#))
        #expect(try await shelf.labels(classes) { metrics.begin($0, of: origin()) }.model.name == "labels")
    }

    @Test func conversationsBecomeText() async throws {
        try await ServingServer.run { server async throws in
            guard case .decoder(let generator) = server.routes.shelf.models[0].engine else { return }
            let messages: JSON = [["role": "user", "content": "the quick"]]
            let own = try generator.model.prompt(of: [ChatMessage(role: .user, content: "the quick")])
            let whole = try await server.json("/apply-template", ["messages": messages])
            #expect(whole["prompt"]?.string == own.text)
            let without = try await server.json(
                "/apply-template", ["model": "chat", "messages": messages, "add_generation_prompt": false])
            #expect(without["prompt"]?.string.map { own.text.hasPrefix($0) && own.text != $0 } == true)
            #expect(try await server.post("/apply-template", ["model": "encoder", "messages": messages]).status == 400)
        }
    }

    @Test func answersSayWhatMadeThem() async throws {
        try await ServingServer.run { server async throws in
            let chat = try await server.json(
                "/v1/chat/completions",
                ["model": "chat", "messages": [["role": "user", "content": "a"]], "max_tokens": 1])
            let text = try await server.json("/v1/completions", ["model": "chat", "prompt": "a", "max_tokens": 1])
            let fingerprint = try #require(chat["system_fingerprint"]?.string)
            #expect(fingerprint.hasPrefix("fp_") && text["system_fingerprint"]?.string == fingerprint)
            let path = fixturePath("tiny-chat", of: "GygesInference")
            let again = try LanguageModel(path: path).fingerprint()
            #expect(fingerprint == "fp_" + again.prefix(12))
            let small = InferenceEngine.Options(keyValueByteLimit: 1 << 20)
            #expect(try LanguageModel(path: path, options: small).fingerprint() != again)
        }
    }

    @Test func tokensGoThereAndBack() async throws {
        try await ServingServer.run { server async throws in
            let tokens = try await server.json("/tokenize", ["prompt": "the quick fox", "add_special_tokens": false])
            let back = try await server.json("/detokenize", ["tokens": tokens["tokens"] ?? []])
            #expect(back["prompt"] == "the quick fox")
            let info = try await server.probe.ask("GET", "/tokenizer_info")
            #expect(info.status == 200 && info.text.contains("eos_token"))
            let end = try #require(try JSON.parse(Array(info.text.utf8), path: "info")["eos_token"]?.string)
            // Special tokens are meant.
            #expect(
                try await server.json("/tokenize", ["prompt": .string(end), "add_special_tokens": false])["count"] == 1)
            #expect(try await server.post("/detokenize", ["tokens": [99_999_999]]).status == 400)
        }
    }

    /// Whatever is asked for, known or not, spelled as it may be, takes a key, but for what is listed here.
    @Test func everythingElseTakesAKey() async throws {
        let keys = try KeyRing([(name: "ada", key: "0123456789abcdef")])
        try await ServingServer.run(access: .keys(keys)) { server async throws in
            for route in server.routes.all + server.routes.page {
                let path = route.path.replacingOccurrences(of: ":name", with: "chat")
                    .replacingOccurrences(of: ":id", with: "a")
                let isOpen = ["/health", "/ready", "/", "/serve.css", "/serve.js"].contains(path)
                for headers in [
                    [], [("Authorization", "Bearer 0123456789abcdee")], [("Authorization", "0123456789abcdef")],
                ] as [[(String, String)]] {
                    let answer = try await server.probe.ask(route.method.rawValue, path, headers: headers)
                    #expect(answer.status == (isOpen ? 200 : 401), "\(path) \(answer)")
                    if !isOpen { #expect(answer.text.contains("invalid_api_key")) }
                }
            }
            for path in [
                "//health", "/health/", "/%68ealth", "/health?a=b", "/health/../metrics", "/v1", "/docs",
                "/HEALTH",
            ] {
                #expect([400, 401].contains(try await server.probe.ask("GET", path).status), "\(path)")
            }
            #expect(try await server.probe.ask("POST", "/health").status == 401)
            let headers = [(name: "Authorization", value: "Bearer 0123456789abcdef")]
            let models = try await server.probe.ask("GET", "/v1/models", headers: headers)
            #expect(models.status == 200 && models.text.contains(#""id":"encoder""#))
            #expect(try await server.probe.ask("GET", "/other", headers: headers).status == 404)
        }
    }

    @Test func thePageShowsWhatWasAsked() async throws {
        try await ServingServer.run { server async throws in
            let page = try await server.probe.ask("GET", "/")
            #expect(
                page.status == 200 && page.text.contains("serve.js") && page.headers["content-security-policy"] != nil)
            _ = try await server.json(
                "/v1/completions", ["model": "chat", "prompt": "the quick", "max_tokens": 3, "temperature": 0])
            let answer = try await server.probe.ask("GET", "/api/status")
            let status = try JSON.parse(Array(answer.text.utf8), path: "status")
            let models = try #require(status["models"]?.array)
            #expect(models.map { $0["name"]?.string } == ["chat", "encoder", "ranker"])
            #expect(models[0]["running"] == 0 && models[0]["chats"] == true && models[1]["chats"] == false)
            let recent = try #require(status["recent"]?.array)
            #expect(recent.count == 1 && recent[0]["status"] == 200 && recent[0]["generated"] == models[0]["generated"])
        }
    }

    @Test func filesOfKeysAreReadHoweverTheirLinesEnd() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "# keys\r\nada 0123456789abcdef\r\n  # no key\r\n\r\nfedcba9876543210\r\n", to: "keys")
        let keys = try KeyRing.keys(path: path)
        #expect(keys.map(\.name) == ["ada", "key-5"] && keys.map(\.key) == ["0123456789abcdef", "fedcba9876543210"])
        #expect(try KeyRing(keys).name(of: "fedcba9876543210") == "key-5")
        for text in ["", "# none\n", "short\n", "a b c0123456789\n"] {
            let path = try folder.write(text, to: "bad")
            #expect(throws: FileError.self) { try KeyRing(try KeyRing.keys(path: path)) }
        }
    }

    @Test func whatIsNoRequestIsRefusedAndNothingElseSuffers() async throws {
        try await ServingServer.run { server async throws in
            for text in [
                "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "nonsense\r\n\r\n", "GET  / HTTP/9\r\n\r\n",
            ] {
                let answer = try await server.probe.send(text)
                #expect(answer.status == 0 || (400..<500).contains(answer.status), "\(answer)")
            }
            #expect(try await server.probe.ask("GET", "/health").status == 200)
        }
    }
}
