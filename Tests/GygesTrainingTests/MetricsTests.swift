import Foundation
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Metrics are written, cut off in the middle, gone on with and read again.
@Suite struct MetricsTests {
    private static func record(_ step: Int, loss: Double) -> MetricRecord {
        MetricRecord(step: step, time: 1000.5 + Double(step), ["loss": loss, "num_tokens": Double(step) * 4096])
    }

    private static func log(_ steps: ClosedRange<Int>, in folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/metrics.jsonl"
        let log = try MetricsLog(path: path, resumingAfter: 0)
        for step in steps { try log.append(record(step, loss: 1 / Double(step)), survivesPowerLoss: step % 2 == 0) }
        return path
    }

    // MARK: Records

    @Test("Numbers of every kind keep their bits, and their order")
    func roundTrip() throws {
        let values: [Double] = [
            2, 0.1, -0.0, 0, 1e-300, .leastNonzeroMagnitude, 1e300, 0x1p53, 0x1p53 + 2, -7, .infinity, -.infinity, .nan,
        ]
        var record = MetricRecord(step: 3, time: 1_764_532_967.25)
        for (index, value) in values.enumerated() { record["name \(index)"] = value }
        let line = record.json.serialized()
        // RFC 8259 throughout: the reader takes no other.
        let json = try JSON.parse(Array(line.utf8), path: "line")
        let read = try MetricRecord(reading: JSONField(json, source: "line", remedy: ""))
        #expect(read == record)
        #expect(read.metrics.map(\.name) == record.metrics.map(\.name))
        for (value, metric) in zip(values, read.metrics) where !value.isNaN {
            #expect(metric.value.bitPattern == value.bitPattern)
        }
        #expect(line.hasPrefix(#"{"step":3,"time":1764532967.25,"name 0":2,"name 1":0.1,"name 2":-0.0,"name 3":0,"#))
        #expect(line.hasSuffix(#""name 10":"Infinity","name 11":"-Infinity","name 12":"NaN"}"#))
    }

    @Test("A name stands once, and can be taken away")
    func names() {
        var record = MetricRecord(step: 1, time: 0, ["loss": 1, "loss": 2, "grad_norm": 3])
        #expect(record.metrics.map(\.name) == ["loss", "grad_norm"] && record["loss"] == 2)
        record["loss"] = nil
        #expect(record.metrics == [.init("grad_norm", 3)] && record["loss"] == nil)
        #expect(MetricRecord.Metric("a", .nan) == .init("a", .nan) && MetricRecord.Metric("a", .nan) != .init("a", 1))
    }

    @Test(
        "What is no record is refused with its line",
        arguments: [
            "{}", "[1]", #"{"step": -1, "time": 0}"#, #"{"step": 1}"#, #"{"step": 1, "time": "NaN"}"#,
            #"{"step": 1, "time": 0, "loss": "high"}"#, #"{"step": 1, "time": 0, "loss": null}"#, "{",
            #"{"step": 1, "time": 0, "loss": NaN}"#, "",
        ])
    func broken(line: String) throws {
        let folder = try TemporaryFolder()
        let good = Self.record(1, loss: 1).json.serialized()
        let path = try folder.write("\(good)\n\(line)\n\(good)\n", to: "metrics.jsonl")
        for attempt in [
            { _ = try MetricsLog.records(path: path) }, { _ = try MetricsLog(path: path, resumingAfter: 1) },
        ] {
            let error = #expect(throws: FileError.self) { try attempt() }
            #expect(error?.path.hasSuffix("line 2") == true, "\(error.map { "\($0)" } ?? "")")
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(good)\n\(line)\n\(good)\n")
    }

    // MARK: Logs

    @Test("A run that goes on from a step keeps what was before, byte for byte, and drops the rest", arguments: 0...6)
    func resumes(step: Int) throws {
        let folder = try TemporaryFolder()
        let path = try Self.log(1...5, in: folder)
        let before = try MappedFile.read(path: path)
        let kept = before.split(separator: 0x0A).prefix(step).reduce(0) { $0 + $1.count + 1 }
        do {
            let log = try MetricsLog(path: path, resumingAfter: step)
            #expect(try MappedFile.read(path: path) == Array(before[..<kept]))
            try log.append(Self.record(step + 1, loss: 9))
            try log.flush()
        }
        let records = try MetricsLog.records(path: path)
        #expect(records.map(\.step) == Array(1...min(step, 5) + 1).prefix(min(step, 5)) + [step + 1])
        #expect(records.last?["loss"] == 9)
    }

    @Test("A last line that is not whole is passed over, and gone when the run goes on", arguments: [1, 2, 20])
    func tornLine(missing: Int) throws {
        let folder = try TemporaryFolder()
        let path = try Self.log(1...3, in: folder)
        let whole = try MappedFile.read(path: path)
        try folder.write(Array(whole.dropLast(missing)), to: "metrics.jsonl")
        #expect(try MetricsLog.records(path: path).map(\.step) == [1, 2])
        do {
            let log = try MetricsLog(path: path, resumingAfter: 3)
            try log.append(Self.record(3, loss: 1 / 3))
        }
        #expect(try MappedFile.read(path: path) == whole)
    }

    @Test("Records of one step stay together; a log whose steps go back is refused and left alone")
    func order() throws {
        let folder = try TemporaryFolder()
        func lines(_ steps: [Int]) -> String {
            steps.map { Self.record($0, loss: 1).json.serialized() + "\n" }.joined()
        }
        let path = try folder.write(lines([1, 2, 2, 3]), to: "metrics.jsonl")
        _ = try MetricsLog(path: path, resumingAfter: 2)
        #expect(try MetricsLog.records(path: path).map(\.step) == [1, 2, 2])
        try folder.write(lines([1, 5, 2]), to: "metrics.jsonl")
        let error = #expect(throws: FileError.self) { _ = try MetricsLog(path: path, resumingAfter: 2) }
        #expect(error?.place == "line 3")
        #expect(try MetricsLog.records(path: path).map(\.step) == [1, 5, 2])
    }

    // MARK: Tables

    @Test("A table has a column for every name, and an empty field for what is not there")
    func table() throws {
        let records = [
            MetricRecord(step: 1, time: 2.5, ["loss": 1.5, "a,b": 3]),
            MetricRecord(step: 2, time: 3, ["eval_loss": .infinity, "loss": .nan]),
        ]
        #expect(
            MetricsTable.text(records)
                == "step,time,loss,\"a,b\",eval_loss\r\n1,2.5,1.5,3,\r\n2,3,NaN,,Infinity\r\n")
        #expect(MetricsTable.text([]) == "step,time\r\n")
    }

    // MARK: TensorBoard

    /// The bytes that TensorBoard's own classes write (`make_tensorboard_events.py`, which also reads them).
    @Test("Event files have the bytes that TensorBoard's own writer gives them")
    func tensorBoard() throws {
        func fixture(_ name: String) throws -> [UInt8] {
            try MappedFile.read(path: fixturePath(name, of: "GygesTraining"))
        }
        let folder = try TemporaryFolder()
        do {
            let writer = try TensorBoardWriter(folder: folder.path, time: 1_764_532_967)
            #expect(writer.path.hasSuffix("/events.out.tfevents.1764532967.gyges.00000"))
            for record in [
                MetricRecord(
                    step: 1, time: 1_764_532_967.25, ["loss": 2.5, "grad_norm": 0.75, "learning_rate": 1e-5]),
                MetricRecord(step: 2, time: 1_764_532_968.5, ["loss": .nan, "grad_norm": .infinity]),
                MetricRecord(step: 300, time: 1_764_532_969, ["loss": 2.25, "eval_loss": 2.375, "test_accuracy": 0.5]),
                MetricRecord(step: 301, time: 1_764_532_970, ["loss": 9]),
            ] { try writer.append(record) }
            #expect(try MappedFile.read(path: writer.path) == fixture("tensorboard-first.bin"))
        }
        let writer = try TensorBoardWriter(folder: folder.path, time: 1_764_533_000, resumingAfter: 300)
        try writer.append(MetricRecord(step: 301, time: 1_764_533_000, ["loss": 2.125]))
        #expect(try MappedFile.read(path: writer.path) == fixture("tensorboard-resumed.bin"))
        // A second start within the same second has a file of its own, behind the first.
        let other = try TensorBoardWriter(folder: folder.path, time: 1_764_533_000.9, resumingAfter: 300)
        #expect(other.path.hasSuffix("/events.out.tfevents.1764533000.gyges.00001"))
    }

    @Test("The check of Castagnoli's polynomial, as RFC 3720 has it")
    func check() {
        #expect(CRC32C.value(of: Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.value(of: Array(repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.value(of: []) == 0)
    }

    @Test(
        "Tags are those of Hugging Face's trainers",
        arguments: [
            ("loss", "train/loss"), ("eval_loss", "eval/loss"), ("test_eval_loss", "test/eval_loss"),
            ("eval", "train/eval"),
        ])
    func tags(name: String, tag: String) { #expect(TensorBoardWriter.tag(name) == tag) }
}
