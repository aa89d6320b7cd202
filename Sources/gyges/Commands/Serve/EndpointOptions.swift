import ArgumentParser
import Foundation
import GygesClient
import GygesFiles

/// How an endpoint is asked that stands where a model of this machine could.
struct EndpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The environment variable that holds the endpoint's key.", valueName: "variable"))
    var keyVariable: String?

    @Option(help: ArgumentHelp("Calls that are under way at once.", valueName: "count"))
    var concurrency = 16

    @Option(help: ArgumentHelp("The most calls a minute.", valueName: "count"))
    var requestsPerMinute: Int?

    @Option(help: ArgumentHelp("The most tokens a minute, prompts and answers together.", valueName: "count"))
    var tokensPerMinute: Int?

    @Option(help: ArgumentHelp("How long a call may take.", valueName: "seconds"))
    var callTimeout = 600

    @Option(help: ArgumentHelp("How often a call is tried before it counts as failed.", valueName: "count"))
    var attempts = 6

    func validate() throws {
        for (name, value, range) in [
            ("concurrency", concurrency, 1...1024), ("requests-per-minute", requestsPerMinute ?? 1, 1...1_000_000),
            ("tokens-per-minute", tokensPerMinute ?? 1, 1...1_000_000_000), ("call-timeout", callTimeout, 1...86_400),
            ("attempts", attempts, 1...100),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound).")
        }
    }

    /// What calls an endpoint.
    ///
    /// - Throws: `FileError` if the address is none; `EndpointError` if there is no key where one should be.
    func caller(of reference: String, onWait: @escaping @Sendable (EndpointWait) -> Void) throws -> EndpointCaller {
        let address = try EndpointAddress(reference)
        return EndpointCaller(
            address: address,
            settings: CallSettings(
                keyVariable: keyVariable, timeout: callTimeout, policy: RetryPolicy(attempts: attempts),
                concurrency: concurrency, requestsPerMinute: requestsPerMinute, tokensPerMinute: tokensPerMinute),
            key: try EndpointCaller.key(named: keyVariable, for: address, in: ProcessInfo.processInfo.environment),
            onWait: onWait)
    }
}
