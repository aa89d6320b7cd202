import ArgumentParser
import Foundation
import GygesKernels

/// `kernels`: how much of the machine's own limits each kernel reaches.
@main
struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels", abstract: "Measures kernels as fractions of what this processor can do at most.",
        discussion: """
            The limits are measured in the same run, in turn with each kernel: multiply-adds in registers, and reading \
            memory. Products of up to 32 rows read their weights from memory, as decoding does.

            Examples:
              swift run -c release --package-path Benchmarks kernels
              swift run -c release --package-path Benchmarks kernels --filter Q4_K --json
            """)

    @Option(help: "Only lines whose names contain this text; may be repeated.")
    var filter: [String] = []

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int = ThreadTeam.usableProcessorCount

    @Option(help: "Alternations of each kernel with its limit.")
    var rounds = 7

    @Flag(help: "Measure the limits alone.")
    var limits = false

    @Flag(help: "Print JSON; progress goes to standard error.")
    var json = false

    func validate() throws {
        guard (1...1024).contains(threads), (1...10_000).contains(rounds) else {
            throw ValidationError("--threads must be from 1 to 1024, --rounds from 1 to 10000.")
        }
    }

    func run() throws {
        let team = ThreadTeam(threadCount: threads)
        let probe = MemoryProbe(team: team)
        var report = Report(
            instructionSet: InstructionSet.current.rawValue, rounds: rounds,
            limits: limitsOfMachine(team: team, probe: probe))
        if !limits {
            let lines = KernelBenchmark.all.filter { line in
                filter.isEmpty || filter.contains { line.name.localizedCaseInsensitiveContains($0) }
            }
            guard !lines.isEmpty else { throw ValidationError("No kernel's name contains that text.") }
            if !json { print(report.heading) }
            for line in lines {
                let result = line.measure(rounds: rounds, probe: probe, team: team)
                report.kernels.append(result)
                let text = report.line(of: result)
                if json { FileHandle.standardError.write(Data((text + "\n").utf8)) } else { print(text) }
            }
        } else if !json {
            print(report.heading)
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
    }

    /// The limits of one thread and of all, in turn.
    private func limitsOfMachine(team: ThreadTeam, probe: MemoryProbe) -> [Limit] {
        let teams = threads == 1 ? [team] : [ThreadTeam(threadCount: 1), team]
        var rates: [String: [Double]] = [:]
        for _ in 0...rounds {
            for team in teams {
                for peak in Peak.allCases {
                    if let rate = peak.measure(team: team) {
                        rates["\(peak.rawValue) \(team.threadCount)", default: []].append(rate)
                    }
                }
                rates["read \(team.threadCount)", default: []].append(probe.measure(team: team))
            }
        }
        return teams.flatMap { team in
            let peaks = Peak.allCases.compactMap { peak in
                rates["\(peak.rawValue) \(team.threadCount)"].map { rates in
                    Limit(
                        name: peak.rawValue, instruction: peak.instruction, threads: team.threadCount,
                        perSecond: median(rates), best: rates.max() ?? 0)
                }
            }
            let read = rates["read \(team.threadCount)"] ?? []
            return peaks + [
                Limit(
                    name: "read", instruction: nil, threads: team.threadCount, perSecond: median(read),
                    best: read.max() ?? 0)
            ]
        }
    }
}

/// A limit of the machine: operations, or for `read` bytes, a second.
struct Limit: Codable {
    var name: String
    var instruction: String?
    var threads: Int
    var perSecond: Double
    var best: Double
}

/// Everything that a run measured.
struct Report: Codable {
    var instructionSet: String
    var rounds: Int
    var limits: [Limit]
    var kernels: [KernelResult] = []

    /// The limits, and the names of the columns below them.
    var heading: String {
        var lines = limits.map { limit in
            let unit = limit.name == "read" ? "GB/s" : "Gop/s"
            return String(
                format: "%@, %d thread%@: %.1f %@ (best %.1f)%@", limit.name, limit.threads,
                limit.threads == 1 ? "" : "s", limit.perSecond / 1e9, unit, limit.best / 1e9,
                limit.instruction.map { ", " + $0 } ?? "")
        }
        lines += [
            "", pad("kernel") + "        µs    Gop/s  of peak     GB/s  of memory's",
        ]
        return lines.joined(separator: "\n")
    }

    /// One row of the table.
    func line(of result: KernelResult) -> String {
        func number(_ value: Double?, _ format: String) -> String {
            value.map { String(format: format, $0) } ?? String(repeating: " ", count: 7) + "–"
        }
        return pad(result.name) + String(format: "%10.1f", result.seconds * 1e6)
            + number(result.operationsPerSecond.map { $0 / 1e9 }, " %8.1f")
            + number(result.fractionOfPeak.map { $0 * 100 }, "  %5.1f %%")
            + String(format: " %8.1f", result.bytesPerSecond / 1e9)
            + number(result.fractionOfMemorySpeed.map { $0 * 100 }, "  %5.1f %%")
    }

    private func pad(_ text: String) -> String { text.padding(toLength: 44, withPad: " ", startingAt: 0) }
}
