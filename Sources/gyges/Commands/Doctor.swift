import ArgumentParser
import Foundation
import GygesFiles
import GygesHub
import GygesKernels

/// `gyges doctor`
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what this machine offers and whether anything is in the way.",
        discussion: """
            Ends with status 1 if something must be mended before models run; what only slows them is noted.

            Examples:
              gyges doctor
              GYGES_ISA=avx2 gyges doctor --json
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let findings = [
            Finding.processor, Finding.instructionSet(environment: environment), Finding.memory, Finding.largePages,
            Finding.memorySpeed, Finding.kernels, Finding.cacheFolder(environment: environment), Finding.python,
        ]
        if json {
            print(JSON.array(findings.map(\.json)).serialized(.pretty))
        } else {
            var table = Table([("", .left), ("", .left), ("", .left)])
            for finding in findings { table.append([finding.state.mark, finding.name, finding.detail]) }
            print(table.text.drop { $0 == "\n" })
            for finding in findings where !finding.remedy.isEmpty { print("\n\(finding.name): \(finding.remedy)") }
        }
        if findings.contains(where: { $0.state == .broken }) { throw ExitCode.failure }
    }
}
