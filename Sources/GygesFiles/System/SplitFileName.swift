/// The name of one part of a GGUF model in several files: `model-00002-of-00003.gguf` (llama.cpp, `llama_split_path`).
public struct SplitFileName: Sendable, Equatable {
    /// What stands before the part's number, folders included.
    public let stem: String
    /// The part, from 1.
    public let part: Int
    /// How many parts there are.
    public let count: Int

    /// Reads a path; `nil` if it is not the name of a part.
    public init?(_ path: String) {
        let suffix = ".gguf"
        guard path.hasSuffix(suffix) else { return nil }
        let name = path.utf8.dropLast(suffix.utf8.count)
        // "-00001-of-00003"
        let tail = Array(name.suffix(15))
        guard tail.count == 15, tail[0] == UInt8(ascii: "-"), tail[6..<10].elementsEqual("-of-".utf8) else {
            return nil
        }
        func number(_ digits: ArraySlice<UInt8>) -> Int? {
            digits.allSatisfy { (0x30...0x39).contains($0) } ? Int(String(decoding: digits, as: UTF8.self)) : nil
        }
        guard let part = number(tail[1..<6]), let count = number(tail[10..<15]), (1...max(1, count)).contains(part)
        else { return nil }
        stem = String(decoding: name.dropLast(15), as: UTF8.self)
        (self.part, self.count) = (part, count)
    }

    /// The path of a part of the same model.
    public func path(ofPart part: Int) -> String {
        func digits(_ number: Int) -> String {
            String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
        }
        return "\(stem)-\(digits(part))-of-\(digits(count)).gguf"
    }
}
