/// How many values differ, from parities that differ, and how large a sketch that takes.
struct DifferenceEstimate {
    private var count: Double
    private var variance: Double

    /// Deviations of margin: about one sketch in 300 is too small.
    private static let margin = 3.5

    init(count: Int) { (self.count, variance) = (Double(count), 0) }

    /// Of n values on k bits, (1 - e^(-2n/k)) / 2 are odd; both bitmaps have k bits.
    init(_ ours: [UInt8], _ theirs: [UInt8]) {
        let odd = zip(ours, theirs).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
        let bits = Double(ours.count * 8)
        let part = min(Double(odd) / bits, 0.47)
        count = -bits / 2 * Self.logarithm(1 - 2 * part)
        let slope = 1 - 2 * part
        variance = max(0, bits * part * (1 - part) / (slope * slope) - count)
    }

    func atLeast(_ least: Int) -> DifferenceEstimate {
        var estimate = self
        estimate.count = max(count, Double(least))
        return estimate
    }

    /// What is left without a part.
    func without(_ part: DifferenceEstimate) -> DifferenceEstimate {
        var estimate = self
        estimate.count = max(0, count - part.count)
        estimate.variance += part.variance
        return estimate
    }

    /// Syndromes that suffice, where those that are kept do.
    var syndromeCount: Int? {
        let needed = count + Self.margin * variance.squareRoot() + 0.5
        let rounded = Int(needed.rounded(.up))
        return rounded <= Sketch.syndromeCount ? max(rounded, Summary.syndromeCount + 1) : nil
    }

    /// Cells that suffice. Decoding takes 1.36 cells a value and a little, give or take a value's
    /// root (measured).
    var cellCount: Int {
        let root = count.squareRoot()
        let spread = (1.85 * variance + (root + 1) * (root + 1)).squareRoot()
        return Int((1.358 * count + 0.77 * root + 3 + Self.margin * spread).rounded(.up))
    }

    /// The natural logarithm of a number in (0, 1], the same to the last bit on every machine.
    static func logarithm(_ number: Double) -> Double {
        let ratio = (number.significand - 1) / (number.significand + 1)
        var (sum, power) = (0.0, ratio)
        for odd in stride(from: 1.0, through: 41, by: 2) {
            sum += power / odd
            power *= ratio * ratio
        }
        return 2 * sum + Double(number.exponent) * 0.693_147_180_559_945_3
    }
}
