/// Formats of strings that can be enforced (JSON Schema validation §7.3), each as a pattern.
enum StringFormat {
    /// The names in the order in which they are told.
    static let names = ["date", "time", "date-time", "uuid", "email", "ipv4"]

    /// The pattern of a format; `nil` if it is not known.
    static func pattern(_ name: String) -> String? {
        switch name {
        case "date": "^(?:\(date))$"
        case "time": "^\(time)$"
        case "date-time": "^(?:\(date))T\(time)$"
        case "uuid": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
        case "email":
            #"^[A-Za-z0-9_%+\-]+(?:\.[A-Za-z0-9_%+\-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$"#
        case "ipv4": #"^(?:\#(byte)\.){3}\#(byte)$"#
        default: nil
        }
    }

    /// Days that exist in the Gregorian calendar (RFC 3339 §5.6, appendix C).
    private static let date =
        #"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"#
        + #"|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"#
    /// RFC 3339, without leap seconds.
    private static let time =
        #"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+\-](?:[01]\d|2[0-3]):[0-5]\d)"#
    private static let byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
}
