#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The natural logarithm.
func logarithm(_ x: Double) -> Double { log(x) }

/// The natural logarithm.
func logarithm(_ x: Float) -> Float { logf(x) }

/// e^x.
func exponential(_ x: Float) -> Float { expf(x) }
