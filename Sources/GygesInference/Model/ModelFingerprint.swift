import GygesCheckpoints
public import GygesFiles
import GygesKernels

extension LanguageModel {
    /// Tells apart, within milliseconds, what two engines make of requests: it follows from samples of the files' bytes and from all settings
    /// that decide answers.
    ///
    /// Files that differ only where no sample is taken have one fingerprint: ``identity()`` tells those apart, and reads all.
    /// - Parameter adapter: What requests bring.
    /// - Throws: ``FileError`` if the files cannot be read any more.
    public func fingerprint(with adapter: LoadedAdapter? = nil) throws(FileError) -> String {
        var digest = RunningDigest()
        let added = adapters.map(\.path) + (adapter?.references.map(\.path) ?? [])
        for path in files + added.flatMap(StoredAdapter.files) {
            let file = try MappedFile(path: path)
            file.withBytes { bytes in
                digest.update("\(bytes.count) ")
                for sample in Self.samples(ofFileOf: bytes.count) {
                    digest.update(UnsafeRawBufferPointer(rebasing: bytes[sample]))
                }
            }
        }
        let weights = (adapters + (adapter?.references ?? [])).map { "\($0.weight)" }.joined(separator: " ")
        digest.update(
            "\(weights) \(precision.rawValue) \(InstructionSet.current.rawValue) \(arithmeticRevision) "
                + "\(engine.keyValueFormat.rawValue) \(options.keyValueByteLimit) \(longContextSetting ?? "\(contextLimit)")"
        )
        return digest.value
    }

    private static let (sampleCount, sampleLength) = (64, 4096)

    /// Where samples are taken: all of a short file, else its beginning, its end, and places between, as far from each other.
    private static func samples(ofFileOf count: Int) -> [Range<Int>] {
        guard count > sampleCount * sampleLength else { return [0..<count] }
        return (0..<sampleCount).map { index in
            let start = (count - sampleLength) / (sampleCount - 1) * index
            return start..<start + sampleLength
        }
    }
}
