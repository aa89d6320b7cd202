/// The permanent link to a prompt's transcripts: `#condition/prompt`, with `/n` for repetitions after the first. Made of names alone, so
/// that it leads to the same transcripts in a report whose order or extent is another. Page/transcripts.js makes the same.
enum Permalink {
    /// The link without its `#`, percent-encoded so that any name is safe in an attribute and in an address.
    static func of(section: String, prompt: String, sample: Int = 0) -> String {
        encode(section) + "/" + encode(prompt) + (sample == 0 ? "" : "/\(sample)")
    }

    private static func encode(_ name: String) -> String {
        var result = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }
}
