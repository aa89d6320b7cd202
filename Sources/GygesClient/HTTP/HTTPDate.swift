/// The seconds since 1970 of a date as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7, IMF-fixdate); `nil` for
/// anything else.
func secondsOfHTTPDate(_ text: String) -> Double? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard text.utf8.count == 29, parts.count == 6, parts[0].utf8.last == UInt8(ascii: ","), parts[5] == "GMT" else {
        return nil
    }
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
        // `Int` reads signs as well.
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
    let times = parts[4].split(separator: ":", omittingEmptySubsequences: false)
    guard let month = names.firstIndex(where: { $0 == parts[2] }), let day = number(parts[1], 1...31),
        let year = number(parts[3], 1970...9999), times.count == 3, let hour = number(times[0], 0...23),
        let minute = number(times[1], 0...59), let second = number(times[2], 0...60)
    else { return nil }
    // Days of the civil calendar, counted in years that begin in March, so that the leap day comes last.
    let shifted = month < 2 ? year - 1 : year
    let monthsSinceMarch = (month + 10) % 12
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * monthsSinceMarch + 2) / 5 + day
    // 719,469 is the number that this gives for the first of January 1970.
    return Double((days - 719_469) * 86_400 + hour * 3_600 + minute * 60 + second)
}
