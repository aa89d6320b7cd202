import Foundation
import GygesFiles
import GygesReport
import GygesStudy

/// What a run, a report or an import ends with: what was found, and where the report and its tables lie; as text or JSON.
func description(of files: StudyRun.ReportFiles, shortfalls: [Shortfall] = [], json: Bool) -> String {
    let summary = StudySummary(files.document)
    if json {
        let document: JSON = [
            "report": .string(files.report), "exports": .array(files.exports.map { .string($0) }),
            "left": .array(shortfalls.map(\.json)),
            "result": summary.json,
        ]
        return document.serialized(.pretty)
    }
    let isStyled = Terminal.showsColours()
    let width = isStyled ? min(100, max(60, Terminal.standardError().width)) : 100
    let report = relative(files.report)
    let folder = report.lastIndex(of: "/").map { String(report[...$0]) } ?? ""
    let names = files.exports.map { path in
        let path = relative(path)
        return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    }
    return """

        \(summary.text(width: width, isStyled: isStyled))
        Report, for a browser: \(report)
        Data beside it: \(names.joined(separator: ", "))
        """
}

extension Shortfall {
    /// What was left undone, as data.
    var json: JSON {
        [
            "what": .string(phase.rawValue), "count": .integer(count), "reason": .string(reason),
            "detail": detail.map { .string($0) } ?? .null, "can_be_resumed": .bool(canBeResumed),
        ]
    }

    /// What was left undone and why, for the terminal.
    var sentence: String {
        "\(count) \(phase.rawValue) left: \(reason.trimmingSuffix(".")).\(detail.map { " For one: \($0.trimmingSuffix("."))." } ?? "")"
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}

/// A path from the current folder on, where it lies below; otherwise as it is.
private func relative(_ path: String) -> String {
    let folder = FileManager.default.currentDirectoryPath
    return path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
}
