import FederationAPI

extension SessionView {
    /// One line: how the difference was found, what that took, and what it would have taken.
    var line: String {
        let trips = roundTrips == 1 ? "1 round trip" : "\(roundTrips) round trips"
        let events = eventWireBytes > 0 ? ", \(eventWireBytes.grouped) B more for events" : ""
        return "\(method) in \(trips), \(messageBytes.grouped) B of messages, "
            + "\(wireBytes.grouped) B on the wire\(events); "
            + "lists of ids: \(naiveBytes.grouped) B"
    }
}

extension Int {
    /// Digits in groups of three.
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }
}
