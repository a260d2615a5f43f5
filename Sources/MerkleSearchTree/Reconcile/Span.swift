import Core

/// A range of keys: from `low` on, below `high` (nil: no bound).
struct Span: Sendable, Equatable {
    var low: EventKey
    var high: EventKey?

    static let all = Span(low: EventKey(physical: 0, counter: 0, id: .zero), high: nil)

    /// Parts at `cuts`, or nil where they do not ascend strictly inside of the span.
    func parts(at cuts: [EventKey]) -> [Span]? {
        var parts: [Span] = []
        var low = low
        for cut in cuts {
            guard low < cut, high.map({ cut < $0 }) ?? true else { return nil }
            parts.append(Span(low: low, high: cut))
            low = cut
        }
        return parts + [Span(low: low, high: high)]
    }

    /// The cuts into `fan` parts of equal width in time or, where all is at one time, in id; nil
    /// where neither can be.
    func evenCuts(_ fan: Int) -> [EventKey]? {
        guard let high else { return nil }
        let fan = UInt64(fan)
        if high.physical - low.physical >= fan {
            return Self.timeCuts(from: low.physical, to: high.physical, fan)
        }
        guard high.physical == low.physical, high.counter == low.counter,
            high.id.w0 > low.id.w0, high.id.w0 - low.id.w0 >= fan
        else { return nil }
        let step = (high.id.w0 - low.id.w0) / fan
        return (1..<fan).map {
            EventKey(
                physical: low.physical, counter: low.counter,
                id: EventID(words: low.id.w0 + step * $0, 0, 0, 0))
        }
    }

    /// The cuts of equal width in time between two times, or nil where they are too close.
    static func timeCuts(from start: UInt64, to end: UInt64, _ fan: UInt64) -> [EventKey]? {
        guard end > start, end - start >= fan else { return nil }
        let step = (end - start) / fan
        return (1..<fan).map { EventKey(physical: start + step * $0, counter: 0, id: .zero) }
    }
}

extension EventKey {
    /// The lowest key above this one; the highest key has none and yields itself.
    var successor: EventKey {
        var key = self
        key.id.w3 &+= 1
        if key.id.w3 != 0 { return key }
        key.id.w2 &+= 1
        if key.id.w2 != 0 { return key }
        key.id.w1 &+= 1
        if key.id.w1 != 0 { return key }
        key.id.w0 &+= 1
        if key.id.w0 != 0 { return key }
        key.counter &+= 1
        if key.counter != 0 { return key }
        key.physical &+= 1
        return key.physical == 0 ? self : key
    }
}

/// How the cuts of a split are written.
enum CutCode: UInt64 {
    /// Equal widths between the span's bounds: no bits.
    case even = 0
    /// Equal widths between two times, which are written.
    case frame = 1
    /// Each cut by the digits in which it differs from the one before.
    case digits = 2
}

extension BitWriter {
    mutating func writeNumber(_ number: UInt64) {
        let length = 64 - number.leadingZeroBitCount
        write(UInt64(length), bits: 7)
        write(number, bits: length)
    }

    mutating func writeDigits(_ cuts: [EventKey], in span: Span) {
        var before = span.low
        for cut in cuts {
            let known = span.high.map(before.sharedDigits) ?? 0
            let shared = before.sharedDigits(with: cut)
            let end = cut.significantDigits
            writeGamma(shared - known)
            writeGamma(end - shared - 1)
            for place in shared..<end { write(UInt64(cut.digit(at: place)), bits: 4) }
            before = cut
        }
    }
}

extension BitReader {
    mutating func readNumber() -> UInt64? {
        guard let length = read(bits: 7), length <= 64 else { return nil }
        return read(bits: Int(length))
    }

    /// The cuts, which the caller has yet to check for order.
    mutating func readDigits(count: Int, in span: Span) -> [EventKey]? {
        var cuts: [EventKey] = []
        var before = span.low
        for _ in 0..<count {
            let known = span.high.map(before.sharedDigits) ?? 0
            guard let more = readGamma(), let extra = readGamma(),
                more <= EventKey.digitCount, extra <= EventKey.digitCount,
                known + more + extra < EventKey.digitCount
            else { return nil }
            var cut = before
            for place in (known + more)...(known + more + extra) {
                guard let digit = read(bits: 4) else { return nil }
                cut = cut.replacing(digitAt: place, by: UInt8(digit))
            }
            cuts.append(cut)
            before = cut
        }
        return cuts
    }
}

extension EventKey {
    /// Digits up to the last that is not zero; at least one.
    fileprivate var significantDigits: Int {
        var end = Self.digitCount
        while end > 1, digit(at: end - 1) == 0 { end -= 1 }
        return end
    }
}
