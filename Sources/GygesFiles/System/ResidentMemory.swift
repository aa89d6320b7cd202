import Foundation

/// What of this process lies in memory.
public enum ResidentMemory {
    /// The bytes, mapped files that were read included; `nil` where the system does not tell.
    public static var byteCount: Int? {
        // Pages: all, those in memory, and others (proc_pid_statm(5)).
        guard let line = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = line.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
    }
}
