// Without the trait MPI this room is empty, and needs no MPI.
#if MPI
    import CGygesMPI
    public import GygesTraining

    /// The processes that `mpirun` or `srun` started, over MPI (https://www.mpi-forum.org, version 3.1).
    ///
    /// Sums are exchanged and added here and not by `MPI_Allreduce`, which adds up in an order of its own. A process that was started alone
    /// is rank 0 of 1.
    public struct MPIRanks: RankGroup {
        /// The number of this process, from 0.
        public let rank: Int
        /// How many there are.
        public let count: Int

        /// How many numbers are exchanged at a time: the memory that a sum takes, and enough that starting each exchange costs little.
        static let chunkLength = 1 << 18

        /// Joins the group. Once in a process; ``finish()`` or ``abort(status:)`` leaves it.
        ///
        /// - Throws: ``MPIError`` if MPI cannot be used.
        public init() throws(MPIError) {
            var (rank, count): (Int32, Int32) = (0, 1)
            try check(gyges_mpi_start(&rank, &count), "joining the group")
            (self.rank, self.count) = (Int(rank), Int(count))
        }

        /// Leaves the group, once all have come here: they ended well.
        ///
        /// - Throws: ``MPIError`` if another process is gone.
        public func finish() throws(MPIError) { try check(gyges_mpi_finish(), "leaving the group") }

        /// Ends all processes of the group, wherever they are.
        public func abort(status: Int32) { _ = gyges_mpi_abort(status) }

        /// Replaces numbers by the sums over all processes.
        ///
        /// Each process adds up one part of every chunk, in the order of ranks, and gives it to the others.
        ///
        /// - Throws: ``MPIError`` if another process is gone.
        /// - Complexity: O(numbers) are sent and received, whatever the number of processes, and 1 MiB of memory.
        public func sum(_ values: UnsafeMutableBufferPointer<Float>) throws {
            guard count > 1, let base = values.baseAddress else { return }
            var others = [Float](repeating: 0, count: min(values.count, Self.chunkLength) + count)
            for start in stride(from: 0, to: values.count, by: Self.chunkLength) {
                try sum(base + start, count: min(Self.chunkLength, values.count - start), with: &others)
            }
        }

        private func sum(
            _ chunk: UnsafeMutablePointer<Float>, count length: Int, with others: inout [Float]
        ) throws(MPIError) {
            let bounds = (0...count).map { length * $0 / count }
            let places = bounds.dropLast().map { Int32($0) }
            let counts = zip(bounds, bounds.dropFirst()).map { Int32($1 - $0) }
            let own = bounds[rank + 1] - bounds[rank]
            try check(
                gyges_mpi_exchange(
                    chunk, counts, places, &others, Array(repeating: Int32(own), count: count),
                    (0..<count).map { Int32(own * $0) }), "exchanging gradients")
            let sums = chunk + bounds[rank]
            others.withUnsafeBufferPointer { others in
                for index in 0..<own { sums[index] = others[index] }
                for other in 1..<count {
                    for index in 0..<own { sums[index] += others[other * own + index] }
                }
            }
            try check(gyges_mpi_share(chunk, counts, places), "sharing sums of gradients")
        }

        /// The numbers of all processes, in the order of ranks.
        ///
        /// - Throws: ``MPIError`` if another process is gone.
        public func gather(_ values: [Double]) throws -> [[Double]] {
            var all = [Double](repeating: 0, count: values.count * count)
            try check(gyges_mpi_gather(values, &all, Int32(values.count)), "gathering numbers")
            return (0..<count).map { Array(all[($0 * values.count)..<(($0 + 1) * values.count)]) }
        }
    }

    /// What MPI could not do.
    public struct MPIError: Error, Equatable, CustomStringConvertible {
        /// What was being done.
        public var action: String
        /// What MPI says.
        public var message: String

        /// The problem and what to do.
        public var description: String {
            "MPI failed in \(action): \(message). Another process may be gone; the same command goes on from the last checkpoint."
        }
    }

    private func check(_ code: Int32, _ action: String) throws(MPIError) {
        guard code != Int32(gyges_mpi_success) else { return }
        var text = [CChar](repeating: 0, count: gyges_mpi_message_limit + 1)
        gyges_mpi_message(code, &text)
        throw MPIError(
            action: action,
            message: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
#endif
