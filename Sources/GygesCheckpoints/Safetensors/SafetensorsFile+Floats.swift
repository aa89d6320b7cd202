extension SafetensorsFile {
    /// A tensor's elements as floats, exactly; `nil` if it is not stored as f32, f16 or bf16.
    ///
    /// - Complexity: O(elements), copied.
    public func floats(of tensor: SafetensorsTensor) -> [Float]? {
        let bytes = bytes(of: tensor)
        func elements<Stored>(_ type: Stored.Type, _ float: (Stored) -> Float) -> [Float] {
            let size = MemoryLayout<Stored>.size
            return (0..<bytes.count / size).map {
                float(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Stored.self))
            }
        }
        switch tensor.type {
        case .f32: return elements(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .f16: return elements(UInt16.self) { Float(Float16(bitPattern: UInt16(littleEndian: $0))) }
        case .bf16: return elements(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
        default: return nil
        }
    }
}
