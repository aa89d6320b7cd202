/// Elements of files as floats, exactly.
enum StoredFloats {
    /// f32, little-endian.
    static func f32(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        elements(bytes, UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
    }

    /// f16, little-endian.
    static func f16(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        elements(bytes, UInt16.self) { Float(Float16(bitPattern: UInt16(littleEndian: $0))) }
    }

    /// bf16, little-endian.
    static func bf16(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        elements(bytes, UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
    }

    private static func elements<Stored>(
        _ bytes: UnsafeRawBufferPointer, _ type: Stored.Type, _ float: (Stored) -> Float
    ) -> [Float] {
        let size = MemoryLayout<Stored>.size
        return (0..<bytes.count / size).map { float(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Stored.self)) }
    }
}

extension SafetensorsFile {
    /// A tensor's elements as floats, exactly; `nil` if it is not stored as f32, f16 or bf16.
    ///
    /// - Complexity: O(elements), copied.
    public func floats(of tensor: SafetensorsTensor) -> [Float]? {
        switch tensor.type {
        case .f32: StoredFloats.f32(bytes(of: tensor))
        case .f16: StoredFloats.f16(bytes(of: tensor))
        case .bf16: StoredFloats.bf16(bytes(of: tensor))
        default: nil
        }
    }
}

extension GGUFFile {
    /// A tensor's elements as floats, exactly; `nil` if it is not stored as f32, f16 or bf16.
    ///
    /// - Complexity: O(elements), copied.
    public func floats(of tensor: GGUFTensor) -> [Float]? {
        switch tensor.type {
        case .f32: StoredFloats.f32(bytes(of: tensor))
        case .f16: StoredFloats.f16(bytes(of: tensor))
        case .bf16: StoredFloats.bf16(bytes(of: tensor))
        default: nil
        }
    }
}
