import Core
import Testing

@testable import MerkleSearchTree

@Suite(.timeLimit(.minutes(5)))
struct ReconcileIndexTests {
    /// Everything that a session can ask is what an index made from scratch says.
    private func check(_ index: ReconcileIndex, holds keys: Set<EventKey>, _ dice: inout Dice) {
        let sorted = keys.sorted()
        #expect(index.tree.keys == sorted)
        #expect(index.tree.root == MerkleSearchTree(sorted: sorted).root)
        for epoch in index.epochs where index.isPrepared(epoch) {
            guard let sketch = index.sketch(epoch: epoch) else { continue }
            var fresh = Sketch(epoch: epoch, expecting: sketch.cells.count * 4)
            for key in sorted { fresh.add(key) }
            #expect(sketch.syndromes == fresh.syndromes)
            #expect(sketch.parity == fresh.parity)
            #expect(sketch.buckets == fresh.buckets)
            #expect(sketch.cells == fresh.cells)
            let hash = SketchHash(epoch: epoch)
            for _ in 0..<20 {
                guard !sorted.isEmpty else { break }
                let key = sorted[Int(dice.next() % UInt64(sorted.count))]
                let value = hash.value(of: key)
                for bits in [24, 30, 48] {
                    let top = value >> UInt64(48 - bits)
                    let found = index.keys(matching: top, topBits: bits, hash)
                    let expected = sorted.filter { hash.value(of: $0) >> UInt64(48 - bits) == top }
                    #expect(found == expected)
                }
            }
        }
    }

    @Test(arguments: 1...10)
    func changesFollowAnIndexMadeFromScratch(seed: UInt64) {
        var dice = Dice(seed)
        let times: UInt64 = [1, 50, 1 << 30, .max][Int(seed % 4)]
        var keys = Set(randomKeys(seed % 2 == 0 ? 0 : 1_500, &dice, times: times))
        var index = ReconcileIndex(sorted: keys.sorted(), epochs: [7])
        for _ in 0..<8 {
            let more = randomKeys(Int(dice.next() % 700), &dice, times: times)
            index.insert(contentsOf: more + more.prefix(3))
            keys.formUnion(more)
            let leaving = Set(keys.sorted().filter { _ in dice.next() % 9 == 0 })
            index.remove(contentsOf: leaving)
            keys.subtract(leaving)
            check(index, holds: keys, &dice)
        }
    }

    @Test func newestKeysAndFarOutTimesAreFound() {
        var dice = Dice(3)
        var keys = Set((0..<3_000).map { item($0) })
        var index = ReconcileIndex(sorted: keys.sorted())
        for round in 0..<10 {
            var more = (0..<300).map { item(3_000 + round * 300 + $0) }
            for time in [0, 1 << 62, UInt64.max] {
                more.append(
                    EventKey(physical: time, counter: 0, id: item(100_000 + round).id))
            }
            index.insert(contentsOf: more)
            keys.formUnion(more)
        }
        check(index, holds: keys, &dice)
    }

    @Test func manyKeysInOneWindowAreFound() {
        var dice = Dice(4)
        var keys = Set((0..<2_000).map { item($0) })
        var index = ReconcileIndex(sorted: keys.sorted())
        let crowd = (0..<3_000).map {
            EventKey(physical: item(1_000).physical + 1, counter: 0, id: item(50_000 + $0).id)
        }
        for start in stride(from: 0, to: crowd.count, by: 100) {
            index.insert(contentsOf: crowd[start..<start + 100])
        }
        keys.formUnion(crowd)
        check(index, holds: keys, &dice)
    }

    @Test(arguments: 1...6)
    func aSketchInTheMakingFollowsWhatComesAndGoes(seed: UInt64) {
        var dice = Dice(seed)
        var keys = Set((0..<4_000).map { item($0) })
        var index = ReconcileIndex.unprepared(MerkleSearchTree(sorted: keys.sorted()))
        #expect(index.latestSketch == nil)
        index.setEpochs([8, 9])
        for epoch: UInt64 in [9, 8] {
            while !index.prepare(epoch, keys: 300) {
                let more = randomKeys(20, &dice, times: 1 << 62) + [item(Int(dice.next() % 9_000))]
                index.insert(contentsOf: more)
                keys.formUnion(more)
                let leaving = Set(keys.sorted().filter { _ in dice.next() % 200 == 0 })
                index.remove(contentsOf: leaving)
                keys.subtract(leaving)
            }
        }
        #expect(index.isPrepared(8) && index.isPrepared(9))
        #expect(index.latestSketch?.epoch == 9)
        check(index, holds: keys, &dice)
        index.setEpochs([9, 10])
        #expect(index.sketch(epoch: 8) == nil)
        #expect(index.latestSketch?.epoch == 9)
    }

    @Test func snapshotsStandStillAndLeaveOut() {
        var dice = Dice(12)
        let keys = Set((0..<6_000).map { item($0) })
        var index = ReconcileIndex(sorted: keys.sorted())
        let snapshot = index
        index.insert(contentsOf: (6_000..<6_050).map { item($0) })
        check(snapshot, holds: keys, &dice)
        let without = Set(keys.sorted().filter { _ in dice.next() % 10 == 0 })
        check(snapshot.subtracting(without), holds: keys.subtracting(without), &dice)
        let bound = item(5_000)
        check(snapshot.prefix(upTo: bound), holds: keys.filter { $0 < bound }, &dice)
        // What costs more to take out than a descent is not taken out.
        #expect(snapshot.prefix(upTo: item(3_000)).latestSketch == nil)
        #expect(snapshot.prefix(upTo: item(500)).latestSketch != nil, "small sets make theirs")
    }
}
