public import GygesFiles

/// What numbers of vectors are written as: fewer bytes for less precision, by the conventions of sentence-transformers and NumPy.
public enum VectorNumbers: String, Sendable, CaseIterable {
    /// As they are.
    case float32 = "f32"
    /// Rounded to half precision.
    case float16 = "f16"
    /// Whole numbers from -127 to 127, each vector by its own scale, so that cosines stay what they were to within the rounding.
    case int8
    /// A bit for each channel, 1 if it is above 0, eight in a byte, the first in the highest bit (`numpy.packbits`); compared by
    /// counting the bits that differ.
    case binary

    /// What NumPy calls an array of them.
    public var element: NumpyHeader.Element {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .int8: .int8
        case .binary: .uint8
        }
    }

    /// How many numbers a vector of so many channels is written as.
    public func count(ofChannels channels: Int) -> Int { self == .binary ? (channels + 7) / 8 : channels }

    /// The largest magnitude of half precision.
    static let float16Limit: Float = 65504

    /// What a channel is multiplied by to give a whole number; 1 for a vector of zeros.
    static func scale(of vector: ArraySlice<Float>) -> Float {
        let largest = vector.reduce(Float(0)) { max($0, abs($1)) }
        return largest > 0 ? 127 / largest : 1
    }

    /// A vector as whole numbers.
    static func whole(_ vector: ArraySlice<Float>) -> [Int8] {
        let scale = scale(of: vector)
        return vector.map { Int8(max(-127, min(127, ($0 * scale).rounded()))) }
    }

    /// A vector's signs, eight in a byte.
    static func bits(_ vector: ArraySlice<Float>) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (vector.count + 7) / 8)
        for (channel, value) in vector.enumerated() where value > 0 { bytes[channel / 8] |= 0x80 >> UInt8(channel % 8) }
        return bytes
    }

    /// A vector's bytes, little-endian.
    func bytes(of vector: ArraySlice<Float>) -> [UInt8] {
        switch self {
        case .float32:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(vector.count * 4)
            for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
            return bytes
        case .float16:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(vector.count * 2)
            for value in vector {
                withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
            return bytes
        case .int8: return Self.whole(vector).map(UInt8.init(bitPattern:))
        case .binary: return Self.bits(vector)
        }
    }
}
