/// That an endpoint is waited for, to be shown to whoever waits.
public struct EndpointWait: Sendable, Equatable, CustomStringConvertible {
    /// The endpoint, without its key.
    public var address: String
    /// How long it asks to be left alone; `nil` if it failed call after call and is left alone without asking.
    public var requested: Duration?
    /// How long it is left alone at most.
    public var pause: Duration

    /// What is waited for, in a sentence without its full stop.
    public var description: String {
        guard let requested else {
            return "\(address) has failed again and again; trying again after \(Self.seconds(pause))"
        }
        return "\(address) asks to wait \(Self.seconds(requested)); waiting at most \(Self.seconds(pause))"
    }

    /// A duration in whole seconds, with commas between thousands: `86,400 s`.
    static func seconds(_ duration: Duration) -> String {
        let (seconds, rest) = duration.components
        let digits = String(seconds + (rest > 0 ? 1 : 0))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text + " s"
    }
}
