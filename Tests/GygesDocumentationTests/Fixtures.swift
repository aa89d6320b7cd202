import Foundation

/// The path of a small model that the tests of inference keep.
func tinyModel(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "GygesInferenceTests/Fixtures/\(name)").path
}

/// The path of the study that the README begins with.
let demoStudy = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Examples/demo-study.yaml").path
