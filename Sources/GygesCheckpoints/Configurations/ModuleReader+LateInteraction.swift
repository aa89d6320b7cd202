import GygesFiles

extension ModuleReader {
    /// How queries and documents are treated.
    mutating func lateInteraction() -> EmbeddingConfiguration.LateInteraction {
        // sentence-transformers 6 keeps these beside the Transformer, PyLate with everything else.
        let isPyLate = general["model_type"]?.string != "MultiVectorEncoder"
        var result = EmbeddingConfiguration.LateInteraction()
        let name = isPyLate ? "config_sentence_transformers.json" : "sentence_bert_config.json"
        let settings = isPyLate ? general : transformer
        let fallback: (query: Int?, document: Int?) = isPyLate ? (32, 180) : (nil, nil)
        result.queryLength = count("query_length", in: settings, name, from: 3) ?? fallback.query
        result.documentLength = count("document_length", in: settings, name, from: 3) ?? fallback.document
        if isPyLate {
            result.queryPrefix = general["query_prefix"]?.string ?? result.queryPrefix
            result.documentPrefix = general["document_prefix"]?.string ?? result.documentPrefix
            result.expandedLength = general["do_query_expansion"]?.bool ?? true ? result.queryLength : nil
            result.attendsToExpansion = general["attend_to_expansion_tokens"]?.bool ?? false
            result.skippedWords = general["skiplist_words"]?.array?.compactMap(\.string) ?? result.skippedWords
        } else {
            // Prompts are text here.
            (result.queryPrefix, result.documentPrefix, result.skippedWords) = ("", "", [])
            result.expandedLength = nil
            (result.promptsByRole, result.stripsTexts) = (true, false)
            readExpansion(into: &result)
        }
        if let mask {
            result.skippedWords = mask["skiplist_words"]?.array?.compactMap(\.string) ?? []
            let tasks = mask["skiplist_tasks"]?.array?.compactMap(\.string) ?? ["document"]
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
        guard let expansion = transformer["query_expansion"]?.object else { return }
        let name = "sentence_bert_config.json: query_expansion"
        result.expandedLength = count("length", in: expansion, name, from: 3)
        result.attendsToExpansion = expansion["attend"]?.bool ?? false
        result.expansionToken = expansion["token"]?.string
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
