import ArgumentParser
import Foundation
import GygesTraining

#if MPI
    import GygesMPI
#endif

/// The processes that train together: those that `mpirun` or `srun` started, or this one alone.
enum TrainingRanks {
    /// Does something as one of them. What ends one process for a reason of its own ends all of them, since the others would wait for it.
    ///
    /// - Throws: As `body`, where there is one process; an `ExitCode` where another says why; `ValidationError` where there are several, and
    ///   the program knows none.
    static func during(_ body: (any RankGroup) async throws -> Void) async throws {
        #if MPI
            let ranks = try MPIRanks()
            do { try await body(ranks) } catch {
                if error is RankFailure {
                    try? ranks.finish()
                    throw ExitCode.failure
                }
                if ranks.count > 1 {
                    Terminal.writeError(
                        "gyges: process \(ranks.rank) of \(ranks.count) ends the run\n\(Failure(error).text)\n")
                    ranks.abort(status: Failure(error).status)
                }
                throw error
            }
            try ranks.finish()
        #else
            // Open MPI's launcher, and those of MPICH and Slurm for it.
            let environment = ProcessInfo.processInfo.environment
            for name in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"] {
                guard let count = environment[name].flatMap({ Int($0) }), count > 1 else { continue }
                throw ValidationError(
                    "This is one of \(count) processes, and the program was built to run alone. Build it with swift build --traits MPI."
                )
            }
            try await body(SingleRank())
        #endif
    }
}
