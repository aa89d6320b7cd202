import GygesFiles
import GygesTestSupport

extension MalformedFile {
    /// A row of four values, for files of one tensor.
    private static let row = #""a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}"#

    private static let huge = UInt64.max

    /// GGUF files: preamble, metadata, tensor descriptions.
    static let ggufStructure: [MalformedFile] = [
        gguf("wrong magic", says: "does not begin with GGUF") { $0.magic = Array("GGJT".utf8) },
        gguf("old version", says: "version 1") { $0.version = 1 },
        gguf("version from the future", says: "version 4") { $0.version = 4 },
        gguf("big-endian", says: "big-endian") { $0.version = UInt32(3).byteSwapped },
        gguf("2^64 - 1 tensors", says: "18446744073709551615") { $0.tensorCount = huge },
        gguf("2^64 - 1 metadata entries", says: "18446744073709551615") { $0.entryCount = huge },
        gguf("a billion tensors", says: "number of tensors") { $0.tensorCount = 1_000_000_000 },
        gguf("more entries than there are", says: "byte") { $0.entryCount = UInt64($0.entries.count + 1) },
        gguf("empty key", says: "empty") { $0.entries.append(("", .uint32(1))) },
        gguf("key twice", says: "general.architecture stands twice") {
            $0.entries.append(("general.architecture", .string("llama")))
        },
        gguf("unknown value type", says: "unknown type 13") { $0.set("x", .raw(13, [])) },
        gguf("unknown element type", says: "unknown type 99") {
            $0.set("x", .raw(9, GGUFBuilder.bytes(UInt32(99)) + GGUFBuilder.bytes(UInt64(0))))
        },
        gguf("array of arrays", says: "array of arrays") {
            $0.set("x", .raw(9, GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(1))))
        },
        gguf("array of 2^62 numbers", says: "4611686018427387904") {
            $0.set("x", .raw(9, GGUFBuilder.bytes(UInt32(10)) + GGUFBuilder.bytes(UInt64(1) << 62)))
        },
        gguf("array of 2^30 strings", says: "1073741824") {
            $0.set("x", .raw(9, GGUFBuilder.bytes(UInt32(8)) + GGUFBuilder.bytes(UInt64(1) << 30)))
        },
        gguf("string of 2^64 - 1 bytes", says: "18446744073709551615") {
            $0.set("x", .raw(8, GGUFBuilder.bytes(huge)))
        },
        gguf("string of 2^63 bytes", says: "9223372036854775808") {
            $0.set("x", .raw(8, GGUFBuilder.bytes(UInt64(1) << 63)))
        },
        gguf("string that is not UTF-8", says: "UTF-8") {
            $0.set("x", .raw(8, GGUFBuilder.bytes(UInt64(2)) + [0xC3, 0x28]))
        },
        gguf("Boolean of 2", says: "Boolean") { $0.set("x", .raw(7, [2])) },
        gguf("alignment of 13", says: "general.alignment") { $0.set("general.alignment", .uint32(13)) },
        gguf("alignment of 0", says: "general.alignment") { $0.set("general.alignment", .uint32(0)) },
        gguf("alignment of 2^30", says: "general.alignment") { $0.set("general.alignment", .uint32(1 << 30)) },
        gguf("alignment as text", says: "general.alignment") { $0.set("general.alignment", .string("32")) },
        gguf("no dimensions", says: "0 dimensions") { $0.change("output_norm.weight") { $0.dimensionCount = 0 } },
        gguf("five dimensions", says: "5 dimensions") { $0.change("output_norm.weight") { $0.dimensionCount = 5 } },
        gguf("2^32 - 1 dimensions", says: "4294967295 dimensions") {
            $0.change("output_norm.weight") { $0.dimensionCount = .max }
        },
        gguf("dimension of zero", says: "the dimension 0") { $0.change("output_norm.weight") { $0.dimensions = [0] } },
        gguf("product of dimensions that wraps", says: "the dimension") {
            $0.change("blk.0.attn_q.weight") { $0.dimensions = [1 << 32, (1 << 32) + 1] }
        },
        gguf("byte count that wraps", says: "bytes") {
            $0.change("blk.0.attn_q.weight") { $0.dimensions = [32, (1 << 42) + 1, 1 << 15] }
        },
        gguf("sum of sizes that wraps", says: "end of the file") { file in
            for name in ["token_embd.weight", "output_norm.weight"] {
                file.change(name) {
                    $0.type = 24
                    $0.dimensions = [0x3FFF_FFFF_FFFF_FFC0]
                }
            }
        },
        gguf("rows that are not whole blocks", says: "whole blocks of 256") {
            $0.change("blk.0.attn_q.weight") { $0.type = 12 }
        },
        gguf("unknown tensor type", says: "stored as type 77, which is not known") {
            $0.change("output_norm.weight") { $0.type = 77 }
        },
        gguf("tensor twice", says: "stands twice") { $0.addZeros("output_norm.weight", [32]) },
        gguf("tensor without a name", says: "no name") { $0.addZeros("", [32]) },
        gguf("tensor name of 65 bytes", says: "65 bytes") { $0.addZeros(String(repeating: "n", count: 65), [32]) },
        gguf("offset with a hole before it", says: "output_norm.weight begins at") {
            $0.change("output_norm.weight") { $0.offset = 1 << 20 }
        },
        gguf("offset of 2^64 - 1", says: "18446744073709551615") {
            $0.change("output_norm.weight") { $0.offset = huge }
        },
        gguf("cut inside the data", says: "beyond the end") { $0.cut = 33 },
        gguf("cut inside the header", says: "byte") { $0.cut = $0.bytes.count - 300 },
        gguf("cut inside the preamble", says: "the file ends inside") { $0.cut = $0.bytes.count - 10 },
        gguf("empty", says: "the file ends inside") { $0.cut = $0.bytes.count },
    ]

    /// GGUF files that are sound as files and make no sense as models.
    static let ggufMeaning: [MalformedFile] = [
        gguf("unknown architecture", says: "mamba") { $0.set("general.architecture", .string("mamba")) },
        gguf("no architecture", says: "(missing)") { $0.set("general.architecture", nil) },
        gguf("no heads", says: "attention.head_count") { $0.set("llama.attention.head_count", .uint32(0)) },
        gguf("heads that do not divide", says: "do not divide") {
            $0.set("llama.attention.head_count_kv", .uint32(3))
            $0.set("llama.attention.head_count", .uint32(4))
        },
        gguf("a billion layers", says: "block_count") { $0.set("llama.block_count", .uint32(1_000_000_000)) },
        gguf("layers that are missing", says: "layer 1: all tensors are missing") {
            $0.set("llama.block_count", .uint32(2))
        },
        gguf("epsilon that is no number", says: "layer_norm_rms_epsilon") {
            $0.set("llama.attention.layer_norm_rms_epsilon", .float32(.nan))
        },
        gguf("context of 2^32 - 1", says: "context_length") { $0.set("llama.context_length", .uint32(.max)) },
        gguf("odd rotary dimension", says: "rotary") { $0.set("llama.rope.dimension_count", .uint32(7)) },
        gguf("width as text", says: "embedding_length") { $0.set("llama.embedding_length", .string("32")) },
        gguf("weights of another shape", says: "blk.0.ffn_up.weight") {
            $0.set("llama.feed_forward_length", .uint32(128))
        },
        gguf("weights of a type that is not multiplied", says: "stored as I32, with which Gyges does not compute") {
            $0.change("blk.0.attn_q.weight") {
                $0.type = 26  // i32
            }
        },
        gguf("no embedding table", says: "token_embd.weight") {
            $0.change("token_embd.weight") { $0.name = "elsewhere" }
        },
        gguf("more tokens than rows", says: "rows in the embedding table") {
            $0.set("tokenizer.ggml.tokens", .strings((0..<300).map { "t\($0)" }))
            $0.set("tokenizer.ggml.token_type", nil)
            $0.set("tokenizer.ggml.merges", nil)
        },
        gguf("merge of an unknown token", says: "merge") {
            $0.set("tokenizer.ggml.merges", .strings(["a zebra"]))
        },
        gguf("types for half of the tokens", says: "token_type") {
            $0.set("tokenizer.ggml.token_type", .int32s([1, 1, 1]))
        },
        gguf("tokens that are numbers", says: "tokenizer.ggml.tokens") {
            $0.set("tokenizer.ggml.tokens", .int32s([1, 2, 3]))
        },
        gguf("tokenizer of another kind", says: "not supported") {
            $0.set("tokenizer.ggml.model", .string("t5"))
        },
        gguf("unknown pre-tokenizer", says: "not supported") {
            $0.set("tokenizer.ggml.pre", .string("(a+)+$"))
        },
        gguf("end of text beyond the vocabulary", says: "eos_token_id") {
            $0.set("tokenizer.ggml.eos_token_id", .uint32(5_000_000))
        },
        gguf("template with an unknown tag", says: "template") {
            $0.set("tokenizer.chat_template", .string("{% import 'os' as os %}"))
        },
        gguf("template that does not end", says: "template") {
            $0.set("tokenizer.chat_template", .string("{% for message in messages %}"))
        },
        gguf("template that runs for ever", says: "template") {
            $0.set(
                "tokenizer.chat_template",
                .string("{% for i in range(100000) %}{% for j in range(100000) %}{{ i }}{% endfor %}{% endfor %}"))
        },
        gguf("template of a hundred thousand parentheses", says: "template") {
            $0.set("tokenizer.chat_template", .string("{{ " + String(repeating: "(", count: 100_000)))
        },
    ]

    /// Safetensors files.
    static let safetensorsFiles: [MalformedFile] = [
        safetensors("header of 2^64 - 1 bytes", "{}", length: huge, says: "header"),
        safetensors("header longer than the file", "{}", length: 1000, says: "header"),
        safetensors("header of no bytes", "", says: "header"),
        safetensors("not JSON", "{nothing}", says: "byte"),
        safetensors("a list", "[]", says: "{"),
        safetensors("text after the header", "{\(row)}x", says: "byte"),
        safetensors("not UTF-8", Array("{\"".utf8) + [0xC3, 0x28] + Array("\":1}".utf8), says: "UTF-8"),
        safetensors(
            "half of a surrogate pair", #"{"\ud800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
            says: "surrogate"),
        safetensors(
            "nesting of a hundred thousand", "{\"a\":" + String(repeating: "[", count: 100_000), says: "deep"),
        safetensors("tensor twice", "{\(row),\(row)}", says: "twice"),
        safetensors("begin behind end", #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#, says: "tensor a"),
        safetensors("negative offset", #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}"#, says: "tensor a"),
        safetensors(
            "offset as a float", #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1.6e1]}}"#, says: "tensor a"),
        safetensors(
            "offset beyond 64 bits", #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}}"#,
            says: "tensor a"),
        safetensors(
            "offset beyond the file", #"{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}}"#, says: "tensor a"),
        safetensors(
            "overlap",
            #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
            says: "overlaps"),
        safetensors("hole", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#, says: "hole"),
        safetensors("bytes after the last tensor", "{\(row)}", data: 20, says: "4 bytes"),
        safetensors(
            "shape smaller than the bytes", #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}"#,
            says: "16 bytes"),
        safetensors(
            "product of the shape that wraps",
            #"{"a":{"dtype":"U8","shape":[4194305,4194305,211106198978564],"data_offsets":[0,4]}}"#, says: "counted"),
        safetensors("unknown dtype", #"{"a":{"dtype":"F4","shape":[32],"data_offsets":[0,16]}}"#, says: "dtype"),
        safetensors("no dtype", #"{"a":{"shape":[4],"data_offsets":[0,16]}}"#, says: "dtype"),
        safetensors(
            "unknown key", #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"run":"me"}}"#, says: "tensor a"),
        safetensors(
            "ten thousand dimensions",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[\(Array(repeating: "1", count: 10_000).joined(separator: ","))],"
                + "\"data_offsets\":[0,4]}}", says: "64 dimensions"),
        safetensors("metadata that is no text", #"{"__metadata__":{"a":1},\#(row)}"#, says: "metadata"),
    ]

    /// Hugging Face folders.
    static let folders: [MalformedFile] = [
        folder("no file", "config.json", contents: nil, says: "config.json"),
        folder("not JSON", "config.json", contents: Array("model_type: qwen2".utf8), says: "config.json"),
        folder("unknown kind", "config.json", ["model_type"], "gpt_neox", says: "gpt_neox"),
        folder("no key-value heads", "config.json", ["num_key_value_heads"], 0, says: "num_key_value_heads"),
        folder("text for an integer", "config.json", ["hidden_size"], "64", says: "hidden_size"),
        folder(
            "2^63 layers", "config.json", ["num_hidden_layers"], .bigInteger("9223372036854775808"),
            says: "num_hidden_layers"),
        folder("missing width", "config.json", ["intermediate_size"], nil, says: "intermediate_size"),
        folder("epsilon of zero", "config.json", ["rms_norm_eps"], 0, says: "rms_norm_eps"),
        folder("unknown rotary scaling", "config.json", ["rope_parameters", "rope_type"], "spiral", says: "spiral"),
        folder("rotary base of minus one", "config.json", ["rope_parameters", "rope_theta"], -1, says: "rope_theta"),
        folder("other activation", "config.json", ["hidden_act"], "relu", says: "relu"),
        folder("vocabulary of another size", "config.json", ["vocab_size"], 321, says: "321"),
        folder(
            "more layers than weights", "config.json", ["num_hidden_layers"], 3,
            says: "layer 2: all tensors are missing"),
        folder("no weights", "model.safetensors", contents: nil, says: "safetensors"),
        folder("weights that are a pickle", "model.safetensors", contents: [0x80, 4, 0x95], says: "model.safetensors"),
        folder(
            "index that leaves the folder", "model.safetensors.index.json",
            contents: Array(#"{"weight_map":{"a":"../../etc/passwd.safetensors"}}"#.utf8), says: "../../etc",
            without: "model.safetensors"),
        folder(
            "index with a missing shard", "model.safetensors.index.json",
            contents: Array(#"{"weight_map":{"a":"one.safetensors"}}"#.utf8), says: "one.safetensors is missing",
            without: "model.safetensors"),
        folder("temperature as text", "generation_config.json", ["temperature"], "warm", says: "temperature"),
        folder("tokenizer of another kind", "tokenizer.json", ["model", "type"], "WordLevel", says: "WordLevel"),
        folder("tokenizer without a vocabulary", "tokenizer.json", ["model", "vocab"], nil, says: "model.vocab"),
        folder(
            "token number of a billion", "tokenizer.json", ["model", "vocab", "a"], 1_000_000_000, says: "1000000000"),
        folder(
            "expression that backtracks", "tokenizer.json", ["pre_tokenizer"],
            ["type": "Split", "pattern": ["Regex": "(a+)+$"], "behavior": "Isolated", "invert": false],
            says: "pre_tokenizer"),
        folder("template of the wrong type", "tokenizer_config.json", ["chat_template"], 7, says: "chat_template"),
        folder(
            "template that reaches for Python", "tokenizer_config.json", ["chat_template"],
            "{{ ''.__class__.__mro__ }}", says: "__class__"),
        folder(
            "template that repeats text without end", "tokenizer_config.json", ["chat_template"],
            "{{ 'x' * 10 ** 12 }}", says: "template"),
    ]
}
