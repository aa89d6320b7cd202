extension RowOutput {
    /// Answers every input that has no row yet, several inputs at a time, and writes the rows in the inputs' order.
    ///
    /// Answers come as they are done: a long one holds up the writing of later ones, which are kept meanwhile, but not their making,
    /// unless some thousands of them wait.
    /// - Parameters:
    ///   - input: The inputs, from the first; those that have rows are read past.
    ///   - concurrency: How many are answered at a time.
    ///   - answer: Makes the bytes of an input's row, its end of line included; gets the row's number from 0.
    ///   - progress: Told how many rows are there, first those of earlier runs; may throw to stop, and what was written stays.
    /// - Throws: ``FileError`` if files fail; what `answer` throws, after the rows before it were written as far as they were done.
    public func answer(
        _ input: RowReader, concurrency: Int,
        with answer: @escaping @Sendable (InputRow, Int) async throws -> [UInt8],
        progress: (_ rowCount: Int) throws -> Void = { _ in }
    ) async throws {
        try passDone(input)
        try progress(rowCount)
        // What was done before an error counts; the error is what the caller hears of.
        defer { try? commit() }
        let queue = Queue(input, self, concurrency: concurrency)
        try await withThrowingTaskGroup(of: Numbered.self) { group in
            while true {
                while let next = try queue.next() {
                    group.addTask { Numbered(number: next.number, bytes: try await answer(next.row, next.number)) }
                }
                guard let answered = try await group.next() else { return }
                try queue.take(answered)
                try progress(rowCount)
            }
        }
        try commit()
    }

    /// A row and its number.
    private struct Numbered: Sendable {
        var number: Int
        var bytes: [UInt8]
    }

    /// What was begun and is not written yet.
    private final class Queue {
        private let input: RowReader
        private let output: RowOutput
        private let concurrency: Int
        private var started: Int
        private var running = 0
        private var rows: [Int: InputRow] = [:]
        private var answers: [Int: [UInt8]] = [:]
        private var isAtEnd = false

        /// How many inputs may be begun and not written: of a row that takes a thousand times as long as others, this many others
        /// are kept in memory.
        private static let startedLimit = 4096

        init(_ input: RowReader, _ output: RowOutput, concurrency: Int) {
            self.input = input
            self.output = output
            self.concurrency = max(1, concurrency)
            started = output.rowCount
        }

        /// The next input to begin with, if there is room and one is left.
        func next() throws(FileError) -> (row: InputRow, number: Int)? {
            guard !isAtEnd, running < concurrency, started - output.rowCount < Self.startedLimit else { return nil }
            guard let row = try input.next() else {
                isAtEnd = true
                return nil
            }
            defer { started += 1 }
            running += 1
            rows[started] = row
            return (row, started)
        }

        /// Takes in an answer and writes all whose turn it is.
        func take(_ answer: Numbered) throws {
            running -= 1
            answers[answer.number] = answer.bytes
            while let bytes = answers.removeValue(forKey: output.rowCount),
                let row = rows.removeValue(forKey: output.rowCount)
            {
                try output.append(bytes, for: row)
            }
        }
    }

    /// Answers every input that has no row yet, a window of inputs at a time.
    ///
    /// - Parameters:
    ///   - input: The inputs, from the first; those that have rows are read past.
    ///   - count: How many inputs are answered together, at most.
    ///   - answer: Makes a row of each of some inputs, the ends of lines included; gets the first row's number from 0.
    ///   - progress: Told how many rows are there, first those of earlier runs.
    /// - Throws: ``FileError`` if files fail; what `answer` throws.
    public func answer(
        _ input: RowReader, together count: Int, progress: (_ rowCount: Int) throws -> Void = { _ in },
        with answer: ([InputRow], Int) throws -> [[UInt8]]
    ) throws {
        try passDone(input)
        try progress(rowCount)
        while true {
            var window: [InputRow] = []
            var byteCount = 0
            while window.count < max(1, count), byteCount < Self.windowByteCount, let row = try input.next() {
                byteCount += row.bytes.count
                window.append(row)
            }
            guard !window.isEmpty else { break }
            do {
                for (row, bytes) in zip(window, try answer(window, rowCount)) { try append(bytes, for: row) }
            } catch {
                try? commit()
                throw error
            }
            try progress(rowCount)
        }
        try commit()
    }

    /// The bytes of inputs after which no further one joins a window.
    private static let windowByteCount = 128 << 10
}
