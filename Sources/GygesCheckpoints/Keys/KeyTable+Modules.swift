extension KeyTable {
    /// `config_sentence_transformers.json`, which PyLate writes too.
    public static let sentenceTransformers = KeyTable(
        "config_sentence_transformers.json", of: .encoders,
        [
            .init("model_type", .used, "which class of the library saved the folder"),
            .init("prompts", .used, "texts put before others, by name"),
            .init("default_prompt_name", .used, "the prompt that is used when none is asked for"),
            .init("similarity_fn_name", .used, "cosine, dot, euclidean or manhattan; MaxSim of late interaction"),
            .init("activation_fn", .used, "what a re-ranker's scores go through: Identity, Sigmoid or Tanh"),
            .init("truncate_dim", .used, "how many channels of a vector are kept"),
            .init("max_active_dims", .used, "how many weights of a sparse vector are kept"),
            .init("query_prefix", .used, "PyLate: what begins a query"),
            .init("document_prefix", .used, "PyLate: what begins a document"),
            .init("query_length", .used, "PyLate: the most tokens of a query"),
            .init("document_length", .used, "PyLate: the most tokens of a document"),
            .init("do_query_expansion", .used, "PyLate: whether queries are filled up"),
            .init("attend_to_expansion_tokens", .used, "PyLate: whether what fills them up is seen"),
            .init("skiplist_words", .used, "PyLate: words whose vectors documents leave out"),
            .init("__version__", .irrelevant, "a note"),
            .init("__version__.*", .irrelevant, "a note"),
        ])

    /// `sentence_bert_config.json` of the Transformer, under any of its names.
    public static let sentenceTransformer = KeyTable(
        "sentence_bert_config.json", of: .encoders,
        [
            .init("max_seq_length", .used, "the most tokens of a text"),
            .init("do_lower_case", .used, "true is refused unless the tokenizer makes small letters by itself"),
            .init("transformer_task", .used, "feature-extraction, fill-mask or sequence-classification"),
            .init("module_output_name", .used, "what the task usually gives; others are refused"),
            .init("modality_config.text.method_output_name", .used, "the same"),
            .init("modality_config.text.*", .irrelevant, "how the library calls the model"),
            .init("processing_kwargs", .used, "none; others are refused"),
            .init("query_length", .used, "of late interaction: the most tokens of a query"),
            .init("document_length", .used, "and of a document"),
            .init("query_expansion.strategy", .used, "of late interaction: fixed or min"),
            .init("query_expansion.length", .used, "up to how many tokens queries are filled"),
            .init("query_expansion.token", .used, "with what"),
            .init("query_expansion.attend", .used, "whether that is seen"),
            .init("modality_config.*", .irrelevant, "other modalities: texts are read"),
            .init("unpad_inputs", .irrelevant, "there is no padding"),
            .init("model_args*", .irrelevant, "how the library loads the model"),
            .init("tokenizer_args*", .irrelevant, "the same"),
            .init("config_args*", .irrelevant, "the same"),
        ])

    /// `config.json` of the modules behind what reads tokens, each under its class.
    static let moduleTables: [KeyTable] = [
        KeyTable(
            "config.json of Pooling", of: .encoders,
            [
                .init(
                    "pooling_mode", .used,
                    "one or several of cls, lasttoken, mean, max, mean_sqrt_len_tokens, weightedmean"),
                .init("pooling_mode_cls_token", .used, "the same in older files"),
                .init("pooling_mode_max_tokens", .used, "the same"),
                .init("pooling_mode_mean_tokens", .used, "the same"),
                .init("pooling_mode_mean_sqrt_len_tokens", .used, "the same"),
                .init("pooling_mode_weightedmean_tokens", .used, "the same"),
                .init("pooling_mode_lasttoken", .used, "the same"),
                .init("embedding_dimension", .used, "must be the channels that come in"),
                .init("word_embedding_dimension", .used, "the same in older files"),
                .init("include_prompt", .used, "whether a prompt's tokens count"),
            ]),
        KeyTable(
            "config.json of SpladePooling", of: .encoders,
            [
                .init("pooling_strategy", .used, "max or sum"),
                .init("activation_function", .used, "relu or log1p_relu"),
                .init("embedding_dimension", .irrelevant, "the vocabulary decides"),
                .init("word_embedding_dimension", .irrelevant, "the same"),
            ]),
        KeyTable(
            "config.json of Dense", of: .encoders,
            [
                .init("in_features", .used, "channels read"),
                .init("out_features", .used, "channels made"),
                .init("bias", .used, "whether there is one"),
                .init("activation_function", .used, "torch's Identity, Tanh, GELU, ReLU, SiLU or Sigmoid"),
                .init("use_residual", .used, "whether the input is added"),
                .init("module_input_name", .used, "what is read: token_embeddings, sentence_embedding, scores"),
                .init("module_output_name", .used, "what is made"),
            ]),
        KeyTable("config.json of LayerNorm", of: .encoders, [.init("dimension", .used, "channels")]),
        KeyTable(
            "config.json of Normalize", of: .encoders,
            [
                .init("module_input_name", .used, "what is scaled"),
                .init("module_output_name", .used, "what is made"),
            ]),
        KeyTable(
            "config.json of MultiVectorMask", of: .encoders,
            [
                .init("skiplist_words", .used, "words whose vectors are left out"),
                .init("skiplist_tasks", .used, "document, or document and query"),
                .init("keep_only_token_ids", .used, "null; others are refused"),
            ]),
        KeyTable("config.json of Dropout", of: .encoders, [.init("dropout", .irrelevant, "training")]),
    ]

    /// The table of a module's class; `nil` for one that is not run.
    static func module(named name: String) -> KeyTable? {
        moduleTables.first { $0.file == "config.json of \(name)" }
    }
}
