import Core

/// Columns of text: the first to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ heading: [String]) { rows = [heading] }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = rows[0].indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + blanks : blanks + cell
            }.joined(separator: "  ") + "\n"
        }.joined()
    }
}

/// Numbers as people read them.
enum Text {
    /// 1,234,567.
    static func grouped(_ number: Int) -> String {
        var grouped = ""
        let digits = String(number.magnitude)
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return number < 0 ? "-" + grouped : grouped
    }

    /// `scaled` divided by ten to the power of `places`: (1234, 2) is "12.34". Not negative.
    static func decimal(_ scaled: Int64, places: Int) -> String {
        guard places > 0 else { return String(scaled) }
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(padded.dropLast(places)).\(padded.suffix(places))"
    }

    /// `value` rounded to `places` decimals.
    static func fixed(_ value: Double, _ places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((value * scale).rounded())
        return (scaled < 0 ? "-" : "") + decimal(abs(scaled), places: places)
    }

    /// Seconds with `places` decimals, at most six, rounded down.
    static func seconds(_ duration: Duration, places: Int) -> String {
        var scaled = duration.microseconds
        for _ in places..<6 { scaled /= 10 }
        return decimal(scaled, places: places)
    }

    /// Milliseconds with three decimals.
    static func milliseconds(_ duration: Duration) -> String {
        decimal(duration.microseconds, places: 3)
    }

    /// How many times less, or more, than `base`: "1/41.5" or "3.2x"; "-" where there is nothing to
    /// compare with.
    static func ratio(_ value: Int, to base: Int?) -> String {
        guard let base, base > 0, value > 0 else { return "-" }
        if value == base { return "1" }
        return value < base
            ? "1/" + decimal(Int64(base) * 10 / Int64(value), places: 1)
            : decimal(Int64(value) * 10 / Int64(base), places: 1) + "x"
    }
}
