import Core

/// The part of a sketch that goes unasked: it settles up to ten differences, and estimates more.
struct Summary: Equatable {
    var count: Int
    /// The lowest bits of the sketch's epoch.
    var epoch: UInt8
    var syndromes: [UInt64]
    var buckets: TugOfWar

    static let syndromeCount = 10

    init(_ sketch: Sketch, count: Int) {
        self.count = count
        epoch = UInt8(truncatingIfNeeded: sketch.epoch)
        syndromes = Array(sketch.syndromes.prefix(Self.syndromeCount))
        buckets = sketch.buckets
    }

    init?(_ reader: inout ByteReader) {
        guard let count = reader.readCount(), let epoch = reader.readByte() else { return nil }
        var syndromes: [UInt64] = []
        for _ in 0..<Self.syndromeCount {
            guard let syndrome = reader.read(bytes: 6) else { return nil }
            syndromes.append(syndrome)
        }
        guard let bytes = reader.readBytes(TugOfWar.byteCount) else { return nil }
        self.count = count
        self.epoch = epoch
        self.syndromes = syndromes
        buckets = TugOfWar(bytes: bytes)
    }

    func append(to out: inout [UInt8]) {
        out.append(count: count)
        out.append(epoch)
        for syndrome in syndromes { out.append(syndrome, bytes: 6) }
        out += buckets.bytes
    }

    /// The values of up to ten keys that only one side holds; nil where there are more, or none.
    ///
    /// An estimate far above ten spares the attempt.
    func difference(from sketch: Sketch) -> [UInt64]? {
        guard estimate(from: sketch) <= 5 * Self.syndromeCount else { return nil }
        let sums = zip(syndromes, sketch.syndromes).map { $0 ^ $1 }
        guard let values = PinSketch.decode(sums), !values.isEmpty else { return nil }
        return values
    }

    /// About how many keys only one side holds; the deviation is a third of it.
    func estimate(from sketch: Sketch) -> Int { buckets.estimate(from: sketch.buckets) }
}
