import Core

/// How a key falls into the sketches of one epoch; docs/PROTOCOL-tree has the definitions.
///
/// All nodes derive the same one from the day, so that one maintained sketch serves all peers. It
/// is no secret: whoever crafts keys against it makes sessions longer, never wrong.
struct SketchHash: Sendable {
    private static let tag = Array("teambook-sketch-v1\0".utf8)

    let epoch: UInt64
    private let key: (UInt64, UInt64)

    init(epoch: UInt64) {
        self.epoch = epoch
        var bytes = Self.tag
        bytes.append(bigEndian: epoch)
        let digest: Digest = SHA256.hash(bytes)
        key = (digest.w0, digest.w1)
    }

    /// Values have this many bits.
    static let valueBits = 48
    /// The highest bits of a value, which are the first ones of the id.
    static let idBits = 24

    /// 24 bits of the id and 24 of SipHash-2-4; never 0.
    func value(of event: EventKey) -> UInt64 {
        let low = SipHash.hash(event, key) >> 40
        return max(1, (event.id.w0 >> 40) << 24 | low)
    }

    /// What a cell adds up beside the values: 24 bits.
    func check(_ value: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: Self.mix(value &* 0x9e37_79b9_7f4a_7c15 &+ key.0) >> 40)
    }

    /// Where the value falls among the 65,536 parities, and, with its sign, among the 16 buckets.
    func place(_ value: UInt64) -> (parity: Int, bucket: Int, sign: Int32) {
        let mixed = Self.mix(value &* 0xc2b2_ae3d_27d4_eb4f ^ key.1)
        return (
            Int(mixed & 0xffff), Int(mixed >> 16 & 15), mixed >> 20 & 1 == 1 ? 1 : -1
        )
    }

    /// The cells of a value, ascending; the first is 0.
    func mapping(_ value: UInt64) -> CellMapping {
        CellMapping(state: Self.mix(value ^ key.1) | 1)
    }

    /// Spreads the bits of a word.
    static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word ^= word >> 32
        word = word &* 0xd6e8_feb8_6659_fd93
        word ^= word >> 32
        word = word &* 0xd6e8_feb8_6659_fd93
        return word ^ word >> 32
    }
}

/// The cells that a value is added to: all the first, then fewer and fewer, so that any number of
/// first cells is a sketch (Yang, Gilad and Alizadeh, "Practical Rateless Set Reconciliation",
/// SIGCOMM 2024, section 4).
///
/// Cell i + 1 is hit with chance 1 / (1 + i / 2); the distance to the next one that is hit follows
/// from one uniform number by the inverse of its distribution. Square root and rounding up are
/// exact in IEEE 754, so all machines agree.
struct CellMapping: Sendable {
    private var state: UInt64
    private(set) var index = 0

    init(state: UInt64) { self.state = state }

    mutating func advance() {
        state = state &* 0xda94_2042_e4dd_58b5
        let step = (Double(index) + 1.5) * (4_294_967_296 / (Double(state) + 1).squareRoot() - 1)
        // Far beyond all cells: the sum below could overflow after more of them.
        index = step < 1e9 ? index + max(1, Int(step.rounded(.up))) : 1 << 40
    }
}
