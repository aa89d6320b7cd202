#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What becomes of a process whose parent dies.
public enum ParentDeath {
    private static let setDeathSignal: Int32 = 1

    /// Has the system kill this process when its parent dies, by whatever cause: a stopped process, too, which could not see to it itself.
    ///
    /// - Parameter parent: The parent's number, as it was before anything else was done: one that has died since then kills this process now.
    /// - Returns: Whether the system does it.
    public static func killsThisProcess(_ parent: Int32) -> Bool {
        // The function takes a varying number of arguments, which Swift does not import; those of this option are numbers, passed as others are.
        typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        guard let program = dlopen(nil, RTLD_NOW), let symbol = dlsym(program, "prctl") else { return false }
        let control = unsafeBitCast(symbol, to: Control.self)
        guard control(setDeathSignal, UInt(SIGKILL), 0, 0, 0) == 0 else { return false }
        if getppid() != parent { kill(getpid(), SIGKILL) }
        return true
    }
}
