import GygesFiles
import GygesKernels
import GygesTensors

/// Something that all processes of a group must have alike, because one cannot see what another computes with.
struct RankAgreement {
    /// What it is called, as in “process 1 has another …”.
    var name: String
    /// What is compared.
    var digest: String
    /// What to do where it differs.
    var remedy: String
}

/// A process of a group computes something else than the first.
public struct RankDifference: Error, Equatable, CustomStringConvertible {
    /// Which one.
    public var rank: Int
    /// What differs.
    public var name: String
    /// What to do.
    public var remedy: String

    /// The problem and what to do.
    public var description: String {
        "Process \(rank) has another \(name) than process 0, so that they cannot train one model. \(remedy)"
    }
}

extension RankGroup {
    /// Checks that all processes have the same.
    ///
    /// - Throws: ``RankDifference`` on rank 0, and ``RankFailure`` on the others, for the first that differs; if another process is gone.
    func check(_ agreements: [RankAgreement]) throws {
        // 48 bits of a digest are a whole number that a Double holds.
        let numbers = agreements.map { Double(UInt64(Digest.sha256($0.digest).prefix(12), radix: 16) ?? 0) }
        let all = try gather(numbers)
        try together {
            for (index, agreement) in agreements.enumerated() {
                guard let rank = all.firstIndex(where: { $0[index] != all[0][index] }) else { continue }
                throw RankDifference(rank: rank, name: agreement.name, remedy: agreement.remedy)
            }
        }
    }
}

extension Trainer {
    /// What processes must have alike before they make steps together.
    ///
    /// - Parameters:
    ///   - program: What computes.
    ///   - modelDigest: What tells other files of the model apart, those that stay frozen included.
    /// - Complexity: O(trained parameters).
    func agreements(program: String, modelDigest: String, team: ThreadTeam) -> [RankAgreement] {
        let state = state
        return [
            RankAgreement(
                name: "program", digest: "\(program), \(arithmeticRevision)", remedy: "Install the same one everywhere."
            ),
            RankAgreement(
                name: "instruction set", digest: team.instructionSet.rawValue,
                remedy: "Set GYGES_ISA to one that all machines have, such as avx2."),
            RankAgreement(
                name: "model", digest: modelDigest, remedy: "Give all of them the same files."),
            RankAgreement(
                name: "number of finished steps", digest: "\(state.progress.steps)",
                remedy: "Give the run a folder (output) that all machines share."),
            RankAgreement(
                name: "content of its training data, or settings for it", digest: state.cursor.json.serialized(),
                remedy: "Give all of them the same files and the same command line."),
            parameterAgreement,
        ]
    }

    /// The trained parameters, which all processes change alike.
    var parameterAgreement: RankAgreement {
        var digest = RunningDigest()
        for (path, buffer, _) in objective.trained {
            digest.update(path.description)
            digest.update(UnsafeRawBufferPointer(buffer.elements))
        }
        return RankAgreement(
            name: "set of trained numbers", digest: digest.value,
            remedy:
                "Give all of them the same recipe and folder; if it happens in the midst of a run, test the machine's memory."
        )
    }
}
