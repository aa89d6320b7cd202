internal import GygesFiles

/// The program that fetches Python packages.
public enum PackageInstaller {
    /// The version of `python3 -m pip`, found in the environment's `PATH`; `nil` if it cannot be run.
    public static func version(environment: [String: String]) -> String? {
        var text: [UInt8] = []
        let process = Subprocess(command: ["python3", "-m", "pip", "--version"], environment: environment)
        guard let outcome = try? process.run(output: { if text.count < 1024 { text += $0 } }), outcome.status == 0
        else {
            return nil
        }
        return String(decoding: text, as: UTF8.self).split(separator: " ").dropFirst().first.map(String.init)
    }
}
