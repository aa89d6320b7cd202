import FoundationEssentials
import GygesFiles

/// Where what is measured of a run goes: `metrics.jsonl`, and TensorBoard's events.
final class RunRecords {
    private let log: MetricsLog
    private let board: TensorBoardWriter

    /// Goes on with a run's files after a step.
    ///
    /// - Throws: `FileError` if they cannot be written, or `metrics.jsonl` is none.
    init(in folder: RunFolder, resumingAfter step: Int) throws(FileError) {
        log = try MetricsLog(path: folder.metricsPath, resumingAfter: step)
        board = try TensorBoardWriter(
            folder: folder.path + "/tensorboard", time: Date().timeIntervalSince1970, resumingAfter: step)
    }

    /// Appends a record to both.
    ///
    /// - Throws: `FileError` if the disk is full or the write fails otherwise.
    func append(_ record: MetricRecord) throws(FileError) {
        try log.append(record)
        try board.append(record)
    }

    /// Waits until the disk has all records of `metrics.jsonl`.
    ///
    /// - Throws: `FileError` if it refuses.
    func flush() throws(FileError) { try log.flush() }
}
