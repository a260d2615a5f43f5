/// Lines over two logarithmic scales, as SVG.
struct LogChart {
    struct Series {
        var name: String
        /// A CSS class: its color.
        var kind: String
        var points: [(x: Double, y: Double)]
    }

    var title: String
    var series: [Series]

    private static let (width, height) = (560.0, 400.0)
    private static let (left, right, top, bottom) = (62.0, 112.0, 34.0, 40.0)
    private static let lineHeight = 14.0

    var svg: String {
        var parts = [
            """
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
            aria-label="\(title)"><text class="title" x="0" y="16">\(title)</text>
            """
        ]
        parts += xDecades.map { xRule(at: $0) } + yDecades.map { yRule(at: $0) }
        parts.append(label("keys on one side only", x: Self.left, y: Self.height - 4))
        for (series, y) in zip(series, labelPlaces) { parts += draw(series, labelAt: y) }
        return parts.joined(separator: "\n") + "</svg>"
    }

    private func draw(_ series: Series, labelAt y: Double) -> [String] {
        let places = series.points.map { "\(text(x($0.x))),\(text(self.y($0.y)))" }
        let end = series.points.last.map { x($0.x) } ?? 0
        return [
            "<polyline class=\"\(series.kind)\" points=\"\(places.joined(separator: " "))\"/>",
            """
            <text class="\(series.kind)" x="\(text(end + 6))" y="\(text(y + 4))">\
            \(series.name)</text>
            """,
        ]
    }

    /// Beside the lines' ends, moved apart where they would overlap.
    private var labelPlaces: [Double] {
        let ends = series.map { $0.points.last.map { y($0.y) } ?? 0 }
        var places = ends
        var last = -Double.infinity
        for index in ends.indices.sorted(by: { ends[$0] < ends[$1] }) {
            places[index] = max(ends[index], last + Self.lineHeight)
            last = places[index]
        }
        return places
    }

    private func xRule(at decade: Int) -> String {
        let place = text(x(Self.power(decade)))
        return """
            <line class="rule" x1="\(place)" x2="\(place)" y1="\(text(Self.top))" \
            y2="\(text(Self.height - Self.bottom))"/>
            <text x="\(place)" y="\(text(Self.height - Self.bottom + 16))" \
            text-anchor="middle">\(Text.grouped(Int(Self.power(decade))))</text>
            """
    }

    private func yRule(at decade: Int) -> String {
        let place = y(Self.power(decade))
        return """
            <line class="rule" x1="\(text(Self.left))" x2="\(text(Self.width - Self.right))" \
            y1="\(text(place))" y2="\(text(place))"/>
            <text x="\(text(Self.left - 6))" y="\(text(place + 4))" \
            text-anchor="end">\(Self.bytes(decade))</text>
            """
    }

    private func label(_ words: String, x: Double, y: Double) -> String {
        "<text x=\"\(text(x))\" y=\"\(text(y))\">\(words)</text>"
    }

    private static func bytes(_ decade: Int) -> String {
        let number = Int(power(decade % 3))
        return "\(number) " + ["B", "kB", "MB", "GB", "TB"][min(decade / 3, 4)]
    }

    private var xDecades: ClosedRange<Int> { Self.decades(series.flatMap { $0.points.map(\.x) }) }
    private var yDecades: ClosedRange<Int> { Self.decades(series.flatMap { $0.points.map(\.y) }) }

    private func x(_ value: Double) -> Double {
        let (low, high) = (Double(xDecades.lowerBound), Double(xDecades.upperBound))
        let part = (Self.logarithm(value) - low) / max(1, high - low)
        return Self.left + part * (Self.width - Self.left - Self.right)
    }

    private func y(_ value: Double) -> Double {
        let (low, high) = (Double(yDecades.lowerBound), Double(yDecades.upperBound))
        let part = (Self.logarithm(value) - low) / max(1, high - low)
        return Self.height - Self.bottom - part * (Self.height - Self.top - Self.bottom)
    }

    /// The whole decades around some values; at least one.
    private static func decades(_ values: [Double]) -> ClosedRange<Int> {
        let low = values.map(logarithm).min() ?? 0
        let high = values.map(logarithm).max() ?? 1
        let first = Int(low.rounded(.down))
        return first...max(first + 1, Int(high.rounded(.up)))
    }

    private static func power(_ decade: Int) -> Double {
        (0..<max(0, decade)).reduce(1) { power, _ in power * 10 }
    }

    /// To base ten, of values from 1; exact at whole powers.
    private static func logarithm(_ value: Double) -> Double {
        var (whole, rest) = (0.0, max(1, value))
        while rest >= 10 {
            rest /= 10
            whole += 1
        }
        // The part behind the point, by squaring: each step yields a bit.
        var (part, bit) = (0.0, 0.5)
        for _ in 0..<20 {
            rest *= rest
            if rest >= 10 {
                rest /= 10
                part += bit
            }
            bit /= 2
        }
        return whole + part
    }

    private func text(_ place: Double) -> String {
        Text.decimal(Int64((place * 10).rounded()), places: 1)
    }
}
