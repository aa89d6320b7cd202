import GygesFiles

extension ModuleReader {
    /// How queries and documents are treated.
    mutating func lateInteraction() -> EmbeddingConfiguration.LateInteraction {
        // sentence-transformers 6 keeps these beside the Transformer, PyLate with everything else.
        let isPyLate = modelType != "MultiVectorEncoder"
        var result = EmbeddingConfiguration.LateInteraction()
        let name = isPyLate ? "config_sentence_transformers.json" : "sentence_bert_config.json"
        let settings = isPyLate ? general : transformer
        let fallback: (query: Int?, document: Int?) = isPyLate ? (32, 180) : (nil, nil)
        result.queryLength = count("query_length", in: settings, name, from: 3) ?? fallback.query
        result.documentLength = count("document_length", in: settings, name, from: 3) ?? fallback.document
        if isPyLate {
            result.queryPrefix = text("query_prefix", in: general, name) ?? result.queryPrefix
            result.documentPrefix = text("document_prefix", in: general, name) ?? result.documentPrefix
            result.expandedLength = flag("do_query_expansion", in: general, name, true) ? result.queryLength : nil
            result.attendsToExpansion = flag("attend_to_expansion_tokens", in: general, name, false)
            result.skippedWords = texts("skiplist_words", in: general, name) ?? result.skippedWords
        } else {
            // Prompts are text here.
            (result.queryPrefix, result.documentPrefix, result.skippedWords) = ("", "", [])
            result.expandedLength = nil
            (result.promptsByRole, result.stripsTexts) = (true, false)
            readExpansion(into: &result)
        }
        if let mask {
            let place = "the MultiVectorMask"
            result.skippedWords = texts("skiplist_words", in: mask, place) ?? []
            let tasks = texts("skiplist_tasks", in: mask, place) ?? ["document"]
            result.skipsInQueries = tasks.contains("query")
            if !tasks.contains("document") {
                note("the MultiVectorMask leaves words out of \(tasks.joined(separator: ", ")) and not of documents")
            }
            if let kept = mask["keep_only_token_ids"], !kept.isNull {
                note("the MultiVectorMask keeps some tokens only (keep_only_token_ids), which is not supported")
            }
        }
        return result
    }

    private mutating func readExpansion(into result: inout EmbeddingConfiguration.LateInteraction) {
        let file = "sentence_bert_config.json"
        guard let expansion = object("query_expansion", in: transformer, file) else { return }
        let name = "\(file): query_expansion"
        result.expandedLength = count("length", in: expansion, name, from: 3)
        result.attendsToExpansion = flag("attend", in: expansion, name, false)
        result.expansionToken = text("token", in: expansion, name)
        switch expansion["strategy"]?.string {
        case "fixed": result.queryLength = result.expandedLength
        case "min": break
        default:
            note(
                "\(name): the strategy \(expansion["strategy"]?.serialized() ?? "") is not supported; fixed and min are"
            )
        }
    }
}
