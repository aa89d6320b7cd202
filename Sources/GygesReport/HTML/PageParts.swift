import FoundationEssentials
import GygesFiles
import Mustache

/// What pages are put together from: templates, style sheets and scripts of this module.
enum PageParts {
    /// Files of this module as one text.
    static func text(_ files: [UInt8]...) -> String { files.map { String(decoding: $0, as: UTF8.self) }.joined() }

    /// A template filled with values.
    static func page(_ template: [UInt8], _ values: [String: Any]) -> String {
        // It is part of this module: that it parses is tested, not a matter of input.
        guard let template = try? MustacheTemplate(string: text(template)) else { return "" }
        return template.render(values)
    }

    /// The words by which a page's security policy lets one script run, and no other.
    static func permission(for script: String) -> Markup {
        .trusted("'sha256-\(base64(ofHexadecimal: Digest.sha256(script)))'")
    }

    private static func base64(ofHexadecimal digits: String) -> String {
        let values = digits.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        let bytes = stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
        return Data(bytes).base64EncodedString()
    }
}
