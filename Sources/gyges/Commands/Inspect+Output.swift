import Foundation
import GygesCheckpoints
import GygesFiles

extension CheckpointInspection {
    private var tensorByteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// Tensors and bytes by type, the largest share first.
    private var types: [(name: String, count: Int, byteCount: Int)] {
        Dictionary(grouping: tensors, by: \.type)
            .map { ($0.key, $0.value.count, $0.value.reduce(0) { $0 + $1.byteCount }) }
            .sorted { ($1.2, $0.0) < ($0.2, $1.0) }
    }

    /// A page for people.
    func text(listsTensors: Bool) -> String {
        var sections: [String] = []
        let fileLines = files.map { file in
            "\(file.path)  \(ProgressMeter.byteText(file.byteCount))" + (file.sha256.map { "\n  sha256 \($0)" } ?? "")
        }
        sections.append("\(format)\n" + fileLines.joined(separator: "\n"))

        if !encoder.isEmpty {
            var table = Table([("ENCODER", .left), ("", .left)])
            for (key, value) in encoder { table.append([key, Self.line(value)]) }
            sections.append(table.text)
        }

        for keys in unknownKeys {
            sections.append(
                "\(keys.file.legible(limit: 80)) says what Gyges does not know and ignores: \(keys.list). What it knows is in docs/formats.md."
            )
        }

        var table = Table([("KEY", .left), ("VALUE", .left)])
        for (key, value) in metadata { table.append([key.legible(limit: 60), Self.line(value)]) }
        sections.append(table.text)

        var summary = Table([("TYPE", .left), ("TENSORS", .right), ("SIZE", .right)])
        for type in types { summary.append([type.name, String(type.count), ProgressMeter.byteText(type.byteCount)]) }
        summary.append(["all", String(tensors.count), ProgressMeter.byteText(tensorByteCount)])
        sections.append(summary.text + "\n\(Self.parameterText(parameterCount)) parameters")

        if listsTensors {
            var table = Table([("TENSOR", .left), ("TYPE", .left), ("SHAPE", .left), ("SIZE", .right)])
            for tensor in tensors {
                let shape = tensor.shape.map(String.init).joined(separator: " × ")
                table.append([
                    tensor.name.legible(limit: 100), tensor.type, shape, ProgressMeter.byteText(tensor.byteCount),
                ])
            }
            sections.append(table.text)
        }
        return sections.joined(separator: "\n\n")
    }

    /// A value on one line of at most 80 characters.
    private static func line(_ value: JSON) -> String {
        let text =
            if let string = value.string {
                string
            } else if let element = value["element"]?.string, let count = value["count"]?.integer {
                "\(count) × \(element)"
            } else {
                value.serialized(.python)
            }
        return text.legible(limit: 80)
    }

    /// A count as `1.54 G`.
    private static func parameterText(_ count: Int) -> String {
        switch count {
        case 1_000_000_000...: String(format: "%.2f G", Double(count) / 1e9)
        case 1_000_000...: String(format: "%.1f M", Double(count) / 1e6)
        default: String(count)
        }
    }
}
