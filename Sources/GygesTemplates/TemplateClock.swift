public import FoundationEssentials

/// The time that templates see (`strftime_now`). Handed in, so that a prompt is a function of its inputs.
public struct TemplateClock: Sendable, Equatable {
    /// Seconds since 1970-01-01 00:00 on the wall.
    private let seconds: Int

    /// A clock that stands at `date` as clocks in `timeZone` show it.
    public init(_ date: Date, timeZone: TimeZone = .gmt) {
        let wall = date.timeIntervalSince1970 + Double(timeZone.secondsFromGMT(for: date))
        seconds = Int(exactly: wall.rounded(.down)) ?? 0
    }

    /// The present moment in universal time.
    public static var now: TemplateClock { TemplateClock(Date()) }

    /// The date and time as C's `strftime` formats it in the C locale, for the conversions that templates use.
    /// - Throws: `unsupported` for other conversions.
    func formatted(_ format: String) throws(TemplateError) -> String {
        let days = (Double(seconds) / 86400).rounded(.down)
        let (year, month, day, dayOfYear) = TemplateClock.civilDate(Int(days))
        let time = seconds - Int(days) * 86400
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        let weekday = ((Int(days) + 4) % 7 + 7) % 7
        let hour12 = (hour + 11) % 12 + 1

        var output = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                output.unicodeScalars.append(scalar)
                continue
            }
            var conversion = scalars.next()
            let isUnpadded = conversion == "-"
            if isUnpadded { conversion = scalars.next() }
            func number(_ value: Int, _ width: Int, _ pad: Character = "0") -> String {
                let digits = String(value)
                return isUnpadded ? digits : String(repeating: pad, count: max(0, width - digits.count)) + digits
            }
            switch conversion {
            case "Y": output += String(year)
            case "y": output += number(((year % 100) + 100) % 100, 2)
            case "m": output += number(month, 2)
            case "d": output += number(day, 2)
            case "e": output += number(day, 2, " ")
            case "j": output += number(dayOfYear, 3)
            case "H": output += number(hour, 2)
            case "I": output += number(hour12, 2)
            case "M": output += number(minute, 2)
            case "S": output += number(second, 2)
            case "p": output += hour < 12 ? "AM" : "PM"
            case "B": output += TemplateClock.months[month - 1]
            case "b", "h": output += TemplateClock.months[month - 1].prefix(3)
            case "A": output += TemplateClock.weekdays[weekday]
            case "a": output += TemplateClock.weekdays[weekday].prefix(3)
            case "w": output += String(weekday)
            case "u": output += String(weekday == 0 ? 7 : weekday)
            case "F": output += "\(year)-\(number(month, 2))-\(number(day, 2))"
            case "T": output += "\(number(hour, 2)):\(number(minute, 2)):\(number(second, 2))"
            case "R": output += "\(number(hour, 2)):\(number(minute, 2))"
            case "%": output += "%"
            default:
                throw TemplateError(
                    .unsupported, "strftime_now does not know the conversion '%\(conversion.map { String($0) } ?? "")'")
            }
        }
        return output
    }

    /// The Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin in March.
    private static func civilDate(_ days: Int) -> (year: Int, month: Int, day: Int, dayOfYear: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayFromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayFromMarch + 2) / 153
        let day = dayFromMarch - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let dayOfYear = monthFromMarch < 10 ? dayFromMarch + 60 + (isLeap ? 1 : 0) : dayFromMarch - 305
        return (year, month, day, dayOfYear)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}
