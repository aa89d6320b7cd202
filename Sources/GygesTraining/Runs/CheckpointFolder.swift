import FoundationEssentials
public import GygesFiles

/// The checkpoints of a run: the last few, the best, and which of them is good.
public struct CheckpointFolder: Sendable {
    /// The folder.
    public let path: String
    /// How many of the last are kept.
    public let limit: Int

    /// A folder, which is made when the first checkpoint is written.
    public init(path: String, limit: Int) {
        self.path = path
        self.limit = limit
    }

    /// The steps that there are checkpoints of, ascending.
    public var steps: [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.compactMap { name in
            name.hasPrefix(Self.prefix) ? Int(name.dropFirst(Self.prefix.count)) : nil
        }.sorted()
    }

    private static let prefix = "step-"

    /// The folder of a step's checkpoint.
    public func path(ofStep step: Int) -> String {
        let digits = String(step)
        return path + "/" + Self.prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// Writes a checkpoint where the run stands, if there is none, and removes the oldest beyond the limit.
    ///
    /// - Parameter best: The step of the checkpoint that is kept whatever its age.
    /// - Throws: `FileError` if it cannot be written; those before it are still there then.
    public func write(_ trainer: Trainer, keeping best: Int?) throws {
        let step = trainer.progress.steps
        AtomicFolder.removeUnfinished(in: path)
        if !steps.contains(step) { try Checkpoint.write(trainer, to: path(ofStep: step)) }
        for old in steps.dropLast(limit) where old != best { remove(old) }
    }

    /// The newest checkpoint of which every byte is as it was written, and what is wrong with newer ones; `nil` where there are none.
    ///
    /// - Throws: `FileError` of the newest if there are some and none can be read: a run that began anew would lose them.
    public func newest() throws(FileError) -> (checkpoint: Checkpoint?, faults: [FileError]) {
        var faults: [FileError] = []
        for step in steps.reversed() {
            do throws(FileError) {
                return (try Checkpoint(path: path(ofStep: step)), faults)
            } catch {
                faults.append(error)
            }
        }
        if let fault = faults.first { throw fault }
        return (nil, [])
    }

    /// Removes checkpoints that were made after a step: those of a run that went on from an earlier one.
    public func remove(after step: Int) { for later in steps where later > step { remove(later) } }

    private func remove(_ step: Int) { try? FileManager.default.removeItem(atPath: path(ofStep: step)) }
}
