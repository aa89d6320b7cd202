import Foundation
import GygesCheckpoints
import GygesFiles

extension Finding {
    /// What there is to say of a model's files: whether they can be read, what the model is, and what they say besides.
    ///
    /// - Throws: ``FileError`` if there is no such file.
    static func model(at path: String) throws -> [Finding] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw FileError(path, "does not exist", remedy: "Give a model's file or folder.")
        }
        var findings: [Finding] = []
        func look(_ name: String, _ detail: () throws(FileError) -> String) {
            do throws(FileError) {
                findings.append(Finding(name: name, detail: try detail()))
            } catch {
                findings.append(
                    Finding(
                        name: name, state: .broken,
                        detail: error.problems.map { $0.legible(limit: 300) }.prefix(5).joined(separator: "; "),
                        remedy: error.remedy.legible()))
            }
        }
        var inspection: CheckpointInspection?
        look("files") { () throws(FileError) in
            let found = try CheckpointInspection(path: path)
            inspection = found
            return "\(found.format), \(found.tensors.count) tensors"
        }
        if let inspection, inspection.encoder.isEmpty, !path.hasSuffix(".safetensors") {
            look("model") { () throws(FileError) in
                let shape = try CausalModelConfiguration(path: path)
                return "\(shape.architecture.rawValue), \(shape.layerCount) layers, window \(shape.nativeContextLength)"
            }
        } else if let offers = inspection?.encoder["offers"]?.string {
            findings.append(Finding(name: "model", detail: "encoder: \(offers)"))
        }
        for keys in inspection?.unknownKeys ?? [] {
            findings.append(
                Finding(
                    name: "unknown keys", state: .noted,
                    detail: "\(keys.file.legible(limit: 80)): \(keys.list)",
                    remedy: "Gyges does not know these keys and ignores them; docs/formats.md lists what it knows."))
        }
        return findings
    }
}
