/// Puts GGUF files together byte by byte, so that tests can make sound ones and break them in any place.
public struct GGUFBuilder {
    /// A value of the metadata.
    public enum Value: Sendable {
        case uint32(UInt32)
        case float32(Float)
        case bool(Bool)
        case string(String)
        case strings([String])
        case int32s([Int32])
        /// A type number and whatever bytes follow it.
        case raw(UInt32, [UInt8])
    }

    /// A tensor's description and data.
    public struct Tensor {
        /// The name.
        public var name: String
        /// Dimensions, the row length first.
        public var dimensions: [UInt64]
        /// The number of dimensions that the file claims; `nil` for the true one.
        public var dimensionCount: UInt32?
        /// The number of the type; 0 is f32.
        public var type: UInt32 = 0
        /// The offset that the file claims; `nil` for the true one.
        public var offset: UInt64?
        /// The data.
        public var bytes: [UInt8]
    }

    /// The first four bytes.
    public var magic: [UInt8] = Array("GGUF".utf8)
    /// The version.
    public var version: UInt32 = 3
    /// The counts that the file claims; `nil` for the true ones.
    public var tensorCount: UInt64?
    /// The number of metadata entries that the file claims; `nil` for the true one.
    public var entryCount: UInt64?
    /// The metadata in order.
    public var entries: [(key: String, value: Value)] = []
    /// The tensors in order.
    public var tensors: [Tensor] = []
    /// What tensors are padded to.
    public var alignment = 32
    /// Bytes taken off the end.
    public var cut = 0

    /// Creates an empty file.
    public init() {}

    /// Replaces or adds a value; `nil` removes it.
    public mutating func set(_ key: String, _ value: Value?) {
        guard let index = entries.firstIndex(where: { $0.key == key }) else {
            if let value { entries.append((key, value)) }
            return
        }
        if let value { entries[index].value = value } else { entries.remove(at: index) }
    }

    /// Changes the tensor of a name.
    public mutating func change(_ name: String, _ edit: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { edit(&tensors[index]) }
    }

    /// Adds a tensor of zeros (f32).
    public mutating func addZeros(_ name: String, _ dimensions: [Int]) {
        let count = dimensions.reduce(1, *)
        tensors.append(
            Tensor(name: name, dimensions: dimensions.map(UInt64.init), bytes: [UInt8](repeating: 0, count: count * 4)))
    }

    /// The file.
    public var bytes: [UInt8] {
        var file = magic + Self.bytes(version) + Self.bytes(tensorCount ?? UInt64(tensors.count))
        file += Self.bytes(entryCount ?? UInt64(entries.count))
        for (key, value) in entries { file += Self.bytes(key) + Self.bytes(value) }
        var offset: UInt64 = 0
        for tensor in tensors {
            file += Self.bytes(tensor.name) + Self.bytes(tensor.dimensionCount ?? UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { file += Self.bytes(dimension) }
            file += Self.bytes(tensor.type) + Self.bytes(tensor.offset ?? offset)
            offset += UInt64((tensor.bytes.count + alignment - 1) / alignment * alignment)
        }
        for tensor in tensors {
            while file.count % alignment != 0 { file.append(0) }
            file += tensor.bytes
        }
        return file.dropLast(cut)
    }

    /// An integer's bytes, little-endian.
    public static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// A string's length and bytes.
    public static func bytes(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

    private static func bytes(_ value: Value) -> [UInt8] {
        switch value {
        case .uint32(let number): bytes(UInt32(4)) + bytes(number)
        case .float32(let number): bytes(UInt32(6)) + bytes(number.bitPattern)
        case .bool(let flag): bytes(UInt32(7)) + [flag ? 1 : 0]
        case .string(let text): bytes(UInt32(8)) + bytes(text)
        case .strings(let texts):
            bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(texts.count)) + texts.flatMap { bytes($0) }
        case .int32s(let numbers):
            bytes(UInt32(9)) + bytes(UInt32(5)) + bytes(UInt64(numbers.count)) + numbers.flatMap { bytes($0) }
        case .raw(let type, let content): bytes(type) + content
        }
    }
}

extension GGUFBuilder {
    /// A sound Llama of one layer, 32 channels and the bytes as its vocabulary, all of whose weights are zero.
    public static var tinyLlama: GGUFBuilder {
        var file = GGUFBuilder()
        // GPT-2's alphabet: bytes that print stand for themselves, the others for letters from U+0100 on.
        let printable = Set(Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF))
        var next: UInt32 = 0x100
        let alphabet = (0..<256).map { byte -> String in
            if printable.contains(byte) { return String(UnicodeScalar(UInt8(byte))) }
            defer { next += 1 }
            return String(UnicodeScalar(next)!)  // Far from the surrogates.
        }
        let tokens = alphabet + ["ab", "<|endoftext|>"]
        file.entries = [
            ("general.architecture", .string("llama")), ("llama.block_count", .uint32(1)),
            ("llama.context_length", .uint32(64)), ("llama.embedding_length", .uint32(32)),
            ("llama.feed_forward_length", .uint32(64)), ("llama.attention.head_count", .uint32(2)),
            ("llama.attention.head_count_kv", .uint32(1)),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("llama.rope.freq_base", .float32(10_000)),
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("gpt-2")),
            ("tokenizer.ggml.tokens", .strings(tokens)),
            ("tokenizer.ggml.token_type", .int32s([Int32](repeating: 1, count: 257) + [3])),
            ("tokenizer.ggml.merges", .strings(["a b"])), ("tokenizer.ggml.eos_token_id", .uint32(257)),
            (
                "tokenizer.chat_template",
                .string("{% for message in messages %}{{ message['content'] }}{% endfor %}")
            ),
        ]
        file.addZeros("token_embd.weight", [32, tokens.count])
        file.addZeros("output_norm.weight", [32])
        for (name, dimensions) in [
            ("attn_norm", [32]), ("attn_q", [32, 32]), ("attn_k", [32, 16]), ("attn_v", [32, 16]),
            ("attn_output", [32, 32]), ("ffn_norm", [32]), ("ffn_gate", [32, 64]), ("ffn_up", [32, 64]),
            ("ffn_down", [64, 32]),
        ] { file.addZeros("blk.0.\(name).weight", dimensions) }
        return file
    }
}
