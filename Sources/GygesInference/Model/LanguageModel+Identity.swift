public import GygesFiles
import GygesKernels

extension LanguageModel {
    /// All that decides what the model makes of a request, apart from the request: rows of a file belong together only if this is the
    /// same for all.
    ///
    /// - Throws: ``FileError`` if the model's files cannot be read any more.
    /// - Complexity: O(size of the model's files), which are digested.
    public func identity() throws(FileError) -> JSONObject {
        JSONObject([
            ("model", .string(try digest())), ("precision", .string(precision.rawValue)),
            ("instruction set", .string(InstructionSet.current.rawValue)), ("arithmetic", .integer(arithmeticRevision)),
            ("cache format", .string(engine.keyValueFormat.rawValue)),
            ("cache bytes", .integer(options.keyValueByteLimit)),
            ("context", .string(longContextSetting ?? "native, \(contextLimit)")),
        ])
    }
}
