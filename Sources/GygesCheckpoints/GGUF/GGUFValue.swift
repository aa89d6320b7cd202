import GygesFiles

/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable {
    /// An unsigned integer of 8 to 64 bits.
    case unsigned(UInt64)
    /// A signed integer of 8 to 64 bits.
    case signed(Int64)
    /// A 32- or 64-bit number.
    case float(Double)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)

    /// The value, if it is an integer that fits `Int`.
    public var integer: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): Int(exactly: value)
        default: nil
        }
    }
    /// The value, if it is a number.
    public var double: Double? {
        switch self {
        case .unsigned(let value): Double(value)
        case .signed(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }
    /// The value, if it is a string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The value, if it is a Boolean.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The value, if it is an array.
    public var array: GGUFArray? { if case .array(let value) = self { value } else { nil } }
}

/// An array in a GGUF file's metadata, decoded when asked: vocabularies have hundreds of thousands of strings.
public struct GGUFArray: Sendable {
    /// What the elements are.
    public enum Element: UInt32, Sendable {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string
        case uint64 = 10
        case int64, float64

        /// Bytes of one element; for a string, of its length alone.
        var size: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .string, .uint64, .int64, .float64: 8
            }
        }
    }

    /// What the elements are.
    public let element: Element
    /// The number of elements.
    public let count: Int
    let file: MappedFile
    let range: Range<Int>

    private var bytes: UnsafeRawBufferPointer { .init(rebasing: file.bytes[range]) }

    /// The bytes of all strings together; 0 if the elements are not strings.
    public var stringByteCount: Int { element == .string ? range.count - 8 * count : 0 }

    /// Calls `body` with the UTF-8 of each string in order; not called if the elements are not strings.
    public func forEachString(_ body: (_ index: Int, _ text: UnsafeRawBufferPointer) -> Void) {
        guard element == .string else { return }
        let bytes = bytes
        var position = 0
        for index in 0..<count {  // The reader walked the same lengths when the file was opened.
            let length = Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
            position += 8
            body(index, UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)]))
            position += length
        }
    }

    /// The strings, invalid UTF-8 repaired; `nil` if the elements are not strings.
    public func strings() -> [String]? {
        guard element == .string else { return nil }
        var strings: [String] = []
        strings.reserveCapacity(count)
        forEachString { _, text in strings.append(String(decoding: text, as: UTF8.self)) }
        return strings
    }

    /// The numbers; `nil` if the elements are not 32-bit or 64-bit floating-point numbers.
    public func numbers() -> [Double]? {
        switch element {
        case .float32:
            (0..<count).map {
                Double(
                    Float(
                        bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))))
            }
        case .float64:
            (0..<count).map {
                Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
            }
        default: nil
        }
    }

    /// The integers; `nil` if the elements are not integers or one does not fit `Int`.
    public func integers() -> [Int]? {
        func read<T: FixedWidthInteger>(_ type: T.Type) -> [Int]? {
            var values: [Int] = []
            values.reserveCapacity(count)
            for index in 0..<count {
                let value = T(littleEndian: bytes.loadUnaligned(fromByteOffset: index * element.size, as: T.self))
                guard let value = Int(exactly: value) else { return nil }
                values.append(value)
            }
            return values
        }
        switch element {
        case .uint8: return read(UInt8.self)
        case .int8: return read(Int8.self)
        case .uint16: return read(UInt16.self)
        case .int16: return read(Int16.self)
        case .uint32: return read(UInt32.self)
        case .int32: return read(Int32.self)
        case .uint64: return read(UInt64.self)
        case .int64: return read(Int64.self)
        default: return nil
        }
    }
}
