import GygesFiles

/// What `multipleOf` asks of the digits of a number: the remainder that the digits so far leave is all that has to be remembered.
///
/// The multiples of `modulus · 10^zeros / 10^decimals`, where either `zeros` or `decimals` is 0.
struct NumberStep {
    /// Divides the digits before the zeros.
    let modulus: Int
    /// Digits at the end that must be 0.
    let zeros: Int
    /// The most digits after the point.
    let decimals: Int

    /// Reads a step; `nil` if it is not a number above 0 of at most 18 digits on each side, or leaves more than
    /// ``SchemaLimits/remainderCount`` remainders.
    init?(_ value: JSON, ofIntegers: Bool) {
        guard let number = NumberBound(value, isExclusive: false), !number.isNegative, !number.isBeyond else {
            return nil
        }
        let magnitude = number.magnitude
        var modulus = magnitude.whole
        for digit in magnitude.fraction {
            let (tens, isTooLarge) = modulus.multipliedReportingOverflow(by: 10)
            guard !isTooLarge, tens <= Int.max - 9 else { return nil }
            modulus = tens + Int(digit)
        }
        guard modulus > 0 else { return nil }
        var decimals = magnitude.fraction.count
        if ofIntegers {
            // An integer is a multiple of m / 10^d if it is one of m without the factors that it shares with 10^d.
            for _ in 0..<decimals { for factor in [2, 5] where modulus % factor == 0 { modulus /= factor } }
            decimals = 0
        }
        var zeros = 0
        while decimals == 0, modulus % 10 == 0 {
            modulus /= 10
            zeros += 1
        }
        guard modulus <= SchemaLimits.remainderCount else { return nil }
        (self.modulus, self.zeros, self.decimals) = (modulus, zeros, decimals)
    }

    /// The remainder after one more digit, with `place` digits of the whole part still to come; `nil` if no multiple goes on so.
    func remainder(_ remainder: Int, after digit: UInt8, place: Int) -> Int? {
        guard place < zeros else { return (remainder * 10 + Int(digit)) % modulus }
        return digit == 0 && remainder == 0 ? 0 : nil
    }

    /// Whether a number that ends after so many digits behind the point is a multiple.
    func isMet(by remainder: Int, decimals read: Int) -> Bool {
        var remainder = remainder
        for _ in read..<max(read, decimals) where remainder != 0 { remainder = remainder * 10 % modulus }
        return remainder == 0
    }
}
