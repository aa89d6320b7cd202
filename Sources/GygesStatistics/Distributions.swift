#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The standard normal quantile of `p`, by Wichura's AS 241 (1988, doi:10.2307/2347330), accurate to about 1e-16 relatively.
///
/// - Precondition: `0 < p < 1`.
public func normalQuantile(_ p: Double) -> Double {
    guard p > 0, p < 1 else { fatalError("the normal quantile of \(p) does not exist") }
    func ratio(_ r: Double, _ numerator: [Double], _ denominator: [Double]) -> Double {
        numerator.reversed().reduce(0) { $0 * r + $1 } / denominator.reversed().reduce(0) { $0 * r + $1 }
    }
    let q = p - 0.5
    if abs(q) <= 0.425 {
        return q
            * ratio(
                0.180625 - q * q,
                [
                    3.387_132_872_796_366_608, 1.331_416_678_917_843_774_5e2, 1.971_590_950_306_551_442_7e3,
                    1.373_169_376_550_946_112_5e4, 4.592_195_393_154_987_145_7e4, 6.726_577_092_700_870_085_3e4,
                    3.343_057_558_358_812_810_5e4, 2.509_080_928_730_122_672_7e3,
                ],
                [
                    1, 4.231_333_070_160_091_125_2e1, 6.871_870_074_920_579_083_0e2, 5.394_196_021_424_751_107_7e3,
                    2.121_379_430_158_659_587_8e4, 3.930_789_580_009_271_061_0e4, 2.872_908_573_572_194_267_4e4,
                    5.226_495_278_852_854_561_0e3,
                ])
    }
    let r = (-log(min(p, 1 - p))).squareRoot()
    let magnitude =
        if r <= 5 {
            ratio(
                r - 1.6,
                [
                    1.423_437_110_749_683_577_34, 4.630_337_846_156_545_295_90, 5.769_497_221_460_691_405_50,
                    3.647_848_324_763_204_605_04, 1.270_458_252_452_368_382_58, 2.417_807_251_774_506_117_70e-1,
                    2.272_384_498_926_918_458_33e-2, 7.745_450_142_783_414_076_40e-4,
                ],
                [
                    1, 2.053_191_626_637_758_821_87, 1.676_384_830_183_803_849_40, 6.897_673_349_851_000_045_50e-1,
                    1.481_039_764_274_800_745_90e-1, 1.519_866_656_361_645_719_66e-2,
                    5.475_938_084_995_344_946_00e-4, 1.050_750_071_644_416_843_24e-9,
                ])
        } else {
            ratio(
                r - 5,
                [
                    6.657_904_643_501_103_777_20, 5.463_784_911_164_114_369_90, 1.784_826_539_917_291_335_80,
                    2.965_605_718_285_048_912_30e-1, 2.653_218_952_657_612_309_30e-2,
                    1.242_660_947_388_078_438_60e-3, 2.711_555_568_743_487_578_15e-5,
                    2.010_334_399_292_288_132_65e-7,
                ],
                [
                    1, 5.998_322_065_558_879_376_90e-1, 1.369_298_809_227_358_053_10e-1,
                    1.487_536_129_085_061_485_25e-2, 7.868_691_311_456_132_591_00e-4,
                    1.846_318_317_510_054_681_80e-5, 1.421_511_758_316_445_888_70e-7,
                    2.044_263_103_389_939_785_64e-15,
                ])
        }
    return q < 0 ? -magnitude : magnitude
}

/// The logarithm of the gamma function. The C function `lgamma` keeps a sign in a global variable; this one does not.
func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
}

/// The regularised incomplete beta function Iₓ(a, b): the beta distribution's cumulative probability.
///
/// Continued fraction (DLMF 8.17.22, https://dlmf.nist.gov/8.17) by the modified Lentz method; relative error near 1e-13 for
/// moderate parameters, growing with their size as the logarithm of the gamma function's rounding does.
///
/// - Precondition: `a > 0`, `b > 0`, `0 <= x <= 1`.
func regularizedIncompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let logFactor = logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
    // The fraction converges quickly only on this side of the mean.
    if x > (a + 1) / (a + b + 2) { return 1 - exp(logFactor) * betaFraction(1 - x, b, a) / b }
    return exp(logFactor) * betaFraction(x, a, b) / a
}

private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var result = d
    // The number of terms needed grows as the square root of the parameters.
    let limit = 200 + Int(10 * max(a, b).squareRoot())
    for index in 1...limit {
        let m = Double(index)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / away(1 + even * d)
        c = away(1 + even / c)
        result *= d * c
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / away(1 + odd * d)
        c = away(1 + odd / c)
        let step = d * c
        result *= step
        if abs(step - 1) < 1e-16 { break }
    }
    return result
}

/// The beta distribution's quantile: the x with Iₓ(a, b) = p, by Newton's method kept within a shrinking bracket.
///
/// - Precondition: `0 <= p <= 1`, `a > 0`, `b > 0`.
func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
    if p <= 0 { return 0 }
    if p >= 1 { return 1 }
    var (low, high) = (0.0, 1.0)
    var x = a / (a + b)
    let logScale = logGamma(a + b) - logGamma(a) - logGamma(b)
    for _ in 0..<400 {
        let excess = regularizedIncompleteBeta(x, a, b) - p
        if excess == 0 { break }
        if excess > 0 { high = x } else { low = x }
        let density = exp(logScale + (a - 1) * log(x) + (b - 1) * log1p(-x))
        var next = x - excess / density
        // Halving towards 0 is done geometrically, since a small root is far from the middle of its bracket.
        if !(next > low && next < high) { next = low == 0 ? high / 8 : (low + high) / 2 }
        if abs(next - x) <= 1e-16 * x || next == low || next == high { return next }
        x = next
    }
    return x
}

/// Student's t distribution's two-sided tail probability P(|T| ≥ |t|), equal to I_{ν/(ν+t²)}(ν/2, 1/2).
///
/// - Precondition: `degreesOfFreedom > 0`.
func studentTwoSidedPValue(_ t: Double, degreesOfFreedom: Double) -> Double {
    if t.isInfinite { return 0 }
    return regularizedIncompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
}

/// The t for which P(|T| ≥ t) is `tails`; accurate to about 1e-12 relatively.
///
/// - Precondition: `0 < tails < 1`, `degreesOfFreedom > 0`.
func studentQuantile(twoSidedTails tails: Double, degreesOfFreedom nu: Double) -> Double {
    // Solve for the smaller of x and 1 − x, so that neither loses its digits to the difference from 1.
    if tails < 0.5 {
        let x = betaQuantile(tails, nu / 2, 0.5)
        return (nu * (1 - x) / x).squareRoot()
    }
    let y = betaQuantile(1 - tails, 0.5, nu / 2)
    return (nu * y / (1 - y)).squareRoot()
}

/// The probability of `k` and of at most `k` successes in `n` trials at even odds.
///
/// - Precondition: `0 <= k <= n / 2`.
/// - Complexity: O(√n) in effect: terms are added from the greatest down until they no longer matter.
func binomialHalfDistribution(_ k: Int, of n: Int) -> (mass: Double, cumulative: Double) {
    let logMass =
        logGamma(Double(n) + 1) - logGamma(Double(k) + 1) - logGamma(Double(n - k) + 1) - Double(n) * M_LN2
    let mass = exp(logMass)
    var term = 1.0
    var sum = 1.0
    var index = k
    while index > 0, term > 1e-18 * sum {
        term *= Double(index) / Double(n - index + 1)
        sum += term
        index -= 1
    }
    return (mass, mass * sum)
}
