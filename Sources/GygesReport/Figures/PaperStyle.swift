/// The look of charts as files: the page's, with the colours of paper put in, since what draws pictures elsewhere knows no variables.
enum PaperStyle {
    /// The style sheet.
    static let css: [UInt8] = {
        var text = String(decoding: PackageResources.figure_css, as: UTF8.self)
        for (name, value) in colours(of: String(decoding: PackageResources.palette_css, as: UTF8.self)) {
            text = text.split(separator: "var(\(name))", omittingEmptySubsequences: false).joined(separator: value)
        }
        return Array(text.utf8)
    }()

    /// The names and values of a palette's first block.
    private static func colours(of palette: String) -> [(name: String, value: String)] {
        let block = palette.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" }
        return block.split(separator: ";").compactMap { entry in
            let parts = entry.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let name = parts[0].drop { $0.isWhitespace }
            return name.hasPrefix("--") ? (String(name), String(parts[1].drop { $0.isWhitespace })) : nil
        }
    }
}
