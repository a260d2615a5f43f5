/// A number that may have a fraction and need not: 1.5 or 1.
struct Fraction: Codable, Hashable {
    var value: Double

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The parser has two types of numbers and takes neither for the other; what is neither is
        // an error of the second attempt.
        if let whole = try? container.decode(Int.self) {
            value = Double(whole)
        } else {
            value = try container.decode(Double.self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
