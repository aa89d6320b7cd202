import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `log(Σ exp(xᵢ))`, computed from the largest term so that nothing overflows; minus infinity for none.
func logSumExp(_ values: some Collection<Double>) -> Double {
    guard let largest = values.max(), largest > -.infinity else { return -.infinity }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}

/// `exp(x)`.
func exponential(_ x: Double) -> Double { exp(x) }
