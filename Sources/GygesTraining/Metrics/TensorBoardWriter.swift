import FoundationEssentials
public import GygesFiles

/// Writes metrics as TensorBoard reads them: event files of a folder (`events.out.tfevents.…`).
///
/// A record is an `Event` of protocol buffers (tensorflow/core/util/event.proto) in the frame of TFRecord: the length, 8 bytes, its masked
/// CRC-32C, the event, and the event's masked CRC-32C. Readers pass over a last record that is not whole, so that a file that was being
/// written when a program ended needs no repair.
///
/// Tags are those of Hugging Face's trainers: `eval_loss` is `eval/loss`, `test_loss` `test/loss`, and everything else `train/…`.
public struct TensorBoardWriter: ~Copyable {
    private let file: GrowingFile

    /// The file that this writer appends to.
    public var path: String { file.path }

    /// Begins a file in a folder, beside those that are there: TensorBoard reads them in their order as one run.
    ///
    /// - Parameters:
    ///   - time: Now, in seconds since 1970.
    ///   - step: The steps that the run has done; what other files say of later ones is no longer shown.
    /// - Throws: ``FileError`` if the folder takes no file.
    public init(folder: String, time: Double, resumingAfter step: Int = 0) throws(FileError) {
        // Readers go through the files by name, ten digits of seconds first.
        let seconds = String(Int(time.isFinite ? min(max(time, 0), 9_999_999_999) : 0))
        let stem = folder + "/events.out.tfevents." + String(repeating: "0", count: 10 - seconds.count) + seconds
        var number = 0
        func path() -> String { "\(stem).gyges.\(String(number + 100_000).dropFirst())" }
        while number < 99_999, FileManager.default.fileExists(atPath: path()) { number += 1 }
        let opened = try GrowingFile(path: path())
        var first = Event(time: time, step: 0)
        first.fileVersion = "brain.Event:2"
        try opened.append(first.record)
        if step > 0 {
            // A session that starts at a step withdraws what was said of it and of later ones.
            var restart = Event(time: time, step: step + 1)
            restart.startsSession = true
            try opened.append(restart.record)
        }
        file = opened
    }

    /// Appends a record; a number becomes a 32-bit one.
    ///
    /// - Throws: ``FileError`` if the disk is full or the write fails otherwise; nothing of the record is there then.
    public func append(_ record: MetricRecord) throws(FileError) {
        var event = Event(time: record.time, step: record.step)
        event.values = record.metrics.map { (Self.tag($0.name), Float($0.value)) }
        try file.append(event.record)
    }

    static func tag(_ name: String) -> String {
        for prefix in ["eval", "test"] where name.hasPrefix(prefix + "_") {
            return prefix + "/" + name.dropFirst(prefix.count + 1)
        }
        return "train/" + name
    }
}

/// An event, as much of it as is written here.
private struct Event {
    var time: Double
    var step: Int
    var fileVersion: String?
    var startsSession = false
    var values: [(tag: String, value: Float)] = []

    init(time: Double, step: Int) {
        self.time = time
        self.step = step
    }

    /// The event in its frame.
    var record: [UInt8] {
        let data = message
        let length = bytes(UInt64(data.count))
        return length + bytes(CRC32C.masked(length)) + data + bytes(CRC32C.masked(data))
    }

    /// `Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }`,
    /// `Summary { repeated Value value = 1; }`, `Value { string tag = 1; float simple_value = 2; }`,
    /// `SessionLog { SessionStatus status = 1; }`, where 1 is START.
    private var message: [UInt8] {
        var message = [1 << 3 | 1] + bytes(time.bitPattern)
        // A number that is 0 is left out.
        if step != 0 { message += [2 << 3] + varint(UInt64(clamping: step)) }
        if let fileVersion { message += field(3, Array(fileVersion.utf8)) }
        if !values.isEmpty {
            let summary = values.flatMap { tag, value in
                field(1, field(1, Array(tag.utf8)) + [2 << 3 | 5] + bytes(value.bitPattern))
            }
            message += field(5, summary)
        }
        if startsSession { message += field(7, [1 << 3, 1]) }
        return message
    }

    /// A field of bytes with their length.
    private func field(_ number: UInt8, _ contents: [UInt8]) -> [UInt8] {
        [number << 3 | 2] + varint(UInt64(contents.count)) + contents
    }

    /// Seven bits a byte, the lowest first.
    private func varint(_ number: UInt64) -> [UInt8] {
        var rest = number, bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}

/// The cyclic redundancy check of Castagnoli's polynomial (RFC 3720, appendix B.4).
enum CRC32C {
    /// What each byte does to the remainder, the lowest bit first.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in remainder >> 1 ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0) }
    }

    static func value(of bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { remainder, byte in table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ remainder >> 8
        }
    }

    /// As TFRecord stores it: turned and moved, because a check over data that hold their own check says little.
    static func masked(_ bytes: [UInt8]) -> UInt32 {
        let value = value(of: bytes)
        return (value >> 15 | value << 17) &+ 0xA282_EAD8
    }
}
