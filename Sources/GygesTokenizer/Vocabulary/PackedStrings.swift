import GygesCheckpoints

/// Strings laid end to end in one array of UTF-8, for vocabularies of hundreds of thousands of short entries.
struct PackedStrings: Sendable {
    /// The strings' bytes, without separators.
    private(set) var bytes: [UInt8] = []
    /// Where each string begins, and where the last one ends.
    private(set) var offsets: [Int] = [0]

    /// The number of strings.
    var count: Int { offsets.count - 1 }

    /// Makes room for `count` strings of `byteCount` bytes together.
    mutating func reserveCapacity(_ count: Int, byteCount: Int) {
        offsets.reserveCapacity(count + 1)
        bytes.reserveCapacity(byteCount)
    }

    /// Creates an empty list.
    init() {}

    /// The strings of an array of them, in one pass; empty if its elements are not strings.
    init(_ array: GGUFArray) {
        offsets.reserveCapacity(array.count + 1)
        var ends = offsets
        bytes = [UInt8](unsafeUninitializedCapacity: array.stringByteCount) { memory, count in
            array.forEachString { _, text in
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(memory)[count...])
                    .copyMemory(from: text)
                count += text.count
                ends.append(count)
            }
        }
        offsets = ends
    }

    /// Adds a string.
    mutating func append(_ string: String) {
        var string = string
        string.withUTF8 { bytes.append(contentsOf: $0) }
        offsets.append(bytes.count)
    }

    /// Adds a string given as UTF-8.
    mutating func append(_ string: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: string)
        offsets.append(bytes.count)
    }

    /// The string at `index`.
    subscript(index: Int) -> String { String(decoding: bytes[range(index)], as: UTF8.self) }

    /// Where the bytes of the string at `index` lie.
    func range(_ index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }
}
