import CGalois

/// A polynomial over GF(2^48), its constant first; the last coefficient is not 0.
struct Polynomial: Equatable {
    private(set) var terms: [UInt64]

    init(_ terms: [UInt64]) {
        self.terms = terms
        trim()
    }

    private var degree: Int { terms.count - 1 }

    private mutating func trim() { while terms.last == 0 { terms.removeLast() } }

    var monic: Polynomial {
        guard let last = terms.last, last != 1 else { return self }
        let factor = PinSketch.inverse(last)
        return Polynomial(terms.map { galois_multiply($0, factor) })
    }

    /// What is left of it by a monic divisor, and the quotient.
    private func divided(by divisor: Polynomial) -> (quotient: Polynomial, rest: Polynomial) {
        var rest = terms
        let size = divisor.degree
        guard rest.count > size else { return (Polynomial([]), self) }
        var quotient = [UInt64](repeating: 0, count: rest.count - size)
        unsafe rest.withUnsafeMutableBufferPointer { rest in
            unsafe divisor.terms.withUnsafeBufferPointer { divisor in
                guard let low = rest.baseAddress, let terms = divisor.baseAddress else { return }
                for place in quotient.indices.reversed() {
                    let factor = unsafe low[place + size]
                    quotient[place] = factor
                    guard factor != 0 else { continue }
                    unsafe galois_multiply_add(low + place, terms, size + 1, factor)
                }
            }
        }
        return (Polynomial(quotient), Polynomial(Array(rest.prefix(size))))
    }

    /// Squaring is linear: each coefficient alone.
    private func squared(modulo divisor: Polynomial) -> Polynomial {
        guard !terms.isEmpty else { return self }
        var square = [UInt64](repeating: 0, count: 2 * terms.count - 1)
        for place in terms.indices {
            square[2 * place] = galois_multiply(terms[place], terms[place])
        }
        return Polynomial(square).divided(by: divisor).rest
    }

    private mutating func add(_ other: Polynomial) {
        let missing = other.terms.count - terms.count
        if missing > 0 { terms += [UInt64](repeating: 0, count: missing) }
        for place in other.terms.indices { terms[place] ^= other.terms[place] }
        trim()
    }

    /// Whether it is monic with as many different roots as its degree: x^(2^48) = x modulo it.
    var splits: Bool {
        guard degree > 1 else { return degree == 1 }
        let x = Polynomial([0, 1])
        var power = x
        for _ in 0..<48 { power = power.squared(modulo: self) }
        return power == x
    }

    /// The roots of a polynomial that splits; nil where the search does not end.
    func roots() -> [UInt64]? {
        var found: [UInt64] = []
        var pending = [self]
        var tries: UInt64 = 0
        while let polynomial = pending.popLast() {
            if polynomial.degree < 1 { return nil }
            if polynomial.degree == 1 {
                found.append(polynomial.terms[0])
                continue
            }
            // Half of all elements tell two roots apart: the trace of the element times their
            // difference is 1. Which ones are tried depends on all roots, so that nobody can choose
            // roots that take many tries.
            tries += 1
            guard tries <= 4 * degree + 48 else { return nil }
            let element = SketchHash.mix(polynomial.terms[0] ^ tries << 50) >> 16 | 1
            let part = polynomial.greatestCommonDivisor(with: polynomial.trace(of: element))
            if part.degree < 1 || part.degree == polynomial.degree {
                pending.append(polynomial)
            } else {
                pending += [part, polynomial.divided(by: part).quotient]
            }
        }
        return found
    }

    /// The sum of (element x)^(2^i) for i below 48, modulo this.
    private func trace(of element: UInt64) -> Polynomial {
        var power = Polynomial([0, element]).divided(by: self).rest
        var sum = power
        for _ in 1..<48 {
            power = power.squared(modulo: self)
            sum.add(power)
        }
        return sum
    }

    private func greatestCommonDivisor(with other: Polynomial) -> Polynomial {
        var (a, b) = (self, other)
        while !b.terms.isEmpty {
            let divisor = b.monic
            (a, b) = (divisor, a.divided(by: divisor).rest)
        }
        return a.monic
    }
}
