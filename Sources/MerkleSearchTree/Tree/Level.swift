public import Core

extension MerkleSearchTree {
    /// No key stands higher than this, whatever its id.
    ///
    /// Sixteen keys make one of the next level, so level 10 needs a log of 2^40 keys; an id with
    /// more leading zeros can only have been ground for (16 times the work a level) and would
    /// merely deepen the tree.
    public static let highestLevel = 10

    /// The most keys that a page lists; a wider one becomes a fan.
    public static let widestPage = 64

    /// A key's level: the leading zero hex digits of its id, at most `highestLevel`.
    public static func level(of key: EventKey) -> Int {
        // More than 16 leading zero digits is above the clamp, so the first word says all.
        min(key.id.w0.leadingZeroBitCount >> 2, highestLevel)
    }
}

/// Hex digits of a key's 42 bytes, which fans branch on.
extension EventKey {
    static let digitCount = byteCount * 2

    /// The digit at `place`, 0 being the most significant.
    func digit(at place: Int) -> UInt8 {
        let (word, shift) =
            place < 16
            ? (physical, 60 - place * 4)
            : place < 20
                ? (UInt64(counter), 76 - place * 4)
                : (id.word((place - 20) >> 4), 60 - ((place - 20) & 15) * 4)
        return UInt8(truncatingIfNeeded: word >> UInt64(shift) & 15)
    }

    /// How many leading digits this key and `other` share.
    func sharedDigits(with other: EventKey) -> Int {
        if physical != other.physical {
            return (physical ^ other.physical).leadingZeroBitCount >> 2
        }
        if counter != other.counter {
            return 16 + (counter ^ other.counter).leadingZeroBitCount >> 2
        }
        for index in 0..<4 {
            let difference = id.word(index) ^ other.id.word(index)
            if difference != 0 { return 20 + index * 16 + difference.leadingZeroBitCount >> 2 }
        }
        return Self.digitCount
    }

    /// The lowest key that begins with this key's first `place` digits and then has `digit`.
    func replacing(digitAt place: Int, by digit: UInt8) -> EventKey {
        var key = EventKey(physical: 0, counter: 0, id: .zero)
        if place < 16 {
            key.physical = physical.replacing(place, digit)
            return key
        }
        key.physical = physical
        if place < 20 {
            // The counter's four digits stand at the end of a word of sixteen.
            key.counter = UInt16(UInt64(counter).replacing(place - 4, digit))
            return key
        }
        key.counter = counter
        let (index, within) = ((place - 20) >> 4, (place - 20) & 15)
        for word in 0..<index { key.id.set(word, to: id.word(word)) }
        key.id.set(index, to: id.word(index).replacing(within, digit))
        return key
    }
}

extension UInt64 {
    fileprivate func replacing(_ place: Int, _ digit: UInt8) -> UInt64 {
        let shift = UInt64(60 - place * 4)
        // A shift by 64 yields 0 in Swift: all digits are kept up to `place`.
        return (self >> (shift + 4)) << (shift + 4) | UInt64(digit) << shift
    }
}

extension Identifier {
    fileprivate func word(_ index: Int) -> UInt64 {
        switch index {
        case 0: w0
        case 1: w1
        case 2: w2
        default: w3
        }
    }

    fileprivate mutating func set(_ index: Int, to word: UInt64) {
        switch index {
        case 0: w0 = word
        case 1: w1 = word
        case 2: w2 = word
        default: w3 = word
        }
    }
}
