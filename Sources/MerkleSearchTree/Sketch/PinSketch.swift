import CGalois

/// Sums of odd powers in GF(2^48): c of them tell up to c values (Dodis, Ostrovsky, Reyzin and
/// Smith, "Fuzzy Extractors", SIAM J. Comput. 38(1), 2008, section 6: PinSketch).
///
/// The even sums are squares of others, so the sums are the syndromes of a BCH code whose errors
/// are the values: Berlekamp and Massey's algorithm finds the polynomial that has their inverses as
/// roots, Berlekamp's trace algorithm its roots. O(c^2) field products, and 48 c^2 for the roots.
enum PinSketch {
    /// Adds a value to the sums, or takes it out.
    static func toggle(_ value: UInt64, in sums: inout [UInt64]) {
        let count = sums.count
        unsafe sums.withUnsafeMutableBufferPointer {
            if let sums = $0.baseAddress { unsafe galois_add_odd_powers(sums, count, value) }
        }
    }

    /// The values with these sums; nil where there are more than sums, or none with these at all.
    static func decode(_ sums: [UInt64]) -> [UInt64]? {
        guard sums.contains(where: { $0 != 0 }) else { return [] }
        guard sums.allSatisfy({ $0 < 1 << 48 }), let locator = locator(sums) else { return nil }
        // Its roots are the values themselves.
        let polynomial = Polynomial(Array(locator.reversed())).monic
        guard polynomial.splits, let roots = polynomial.roots(), !roots.contains(0) else {
            return nil
        }
        var check = [UInt64](repeating: 0, count: sums.count)
        for root in roots { toggle(root, in: &check) }
        return check == sums ? roots.sorted() : nil
    }

    /// The shortest recurrence that makes the power sums, from its constant 1 up (Massey, "Shift-
    /// register synthesis and BCH decoding", 1969); nil where it is longer than they can tell.
    private static func locator(_ sums: [UInt64]) -> [UInt64]? {
        let powers = powerSums(sums)
        var (current, last): ([UInt64], [UInt64]) = ([1], [1])
        var (length, gap, lastDiscrepancy) = (0, 1, UInt64(1))
        for place in powers.indices {
            var discrepancy = powers[place]
            for term in 1..<max(1, min(length + 1, current.count)) {
                discrepancy ^= galois_multiply(current[term], powers[place - term])
            }
            guard discrepancy != 0 else {
                gap += 1
                continue
            }
            let factor = galois_multiply(discrepancy, inverse(lastDiscrepancy))
            let before = current
            let missing = last.count + gap - current.count
            if missing > 0 { current += [UInt64](repeating: 0, count: missing) }
            for term in last.indices { current[term + gap] ^= galois_multiply(factor, last[term]) }
            if 2 * length <= place {
                (length, last, lastDiscrepancy, gap) = (place + 1 - length, before, discrepancy, 1)
            } else {
                gap += 1
            }
        }
        while current.last == 0 { current.removeLast() }
        return current.count == length + 1 && length <= sums.count ? current : nil
    }

    /// All power sums from 1 to twice as many as the odd ones.
    private static func powerSums(_ sums: [UInt64]) -> [UInt64] {
        var powers = [UInt64](repeating: 0, count: 2 * sums.count)
        for place in powers.indices {
            let half = place / 2
            powers[place] =
                place.isMultiple(of: 2)
                ? sums[half] : galois_multiply(powers[half], powers[half])
        }
        return powers
    }

    /// By Fermat: x^(2^48 - 2). The element is not 0.
    static func inverse(_ element: UInt64) -> UInt64 {
        var (product, square): (UInt64, UInt64) = (1, element)
        for _ in 1..<48 {
            square = galois_multiply(square, square)
            product = galois_multiply(product, square)
        }
        return product
    }
}
