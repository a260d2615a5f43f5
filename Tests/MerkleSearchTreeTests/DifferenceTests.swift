import Core
import Testing

@testable import MerkleSearchTree

@Suite(.timeLimit(.minutes(2)))
struct DifferenceTests {
    @Test(arguments: 1...60)
    func whatHasChangedIsTheDifferenceOfTheSets(seed: UInt64) {
        var dice = Dice(seed)
        let times: UInt64 = [1, 40, 1 << 40][Int(seed % 3)]
        let keys = randomKeys([0, 3, 100, 2_000][Int(seed % 4)], &dice, times: times)
        let old = MerkleSearchTree(sorted: keys)
        let added = randomKeys(Int(dice.next() % 200), &dice, times: times)
        var new = old
        new.insert(contentsOf: added)
        for key in keys where dice.next() % 30 == 0 { new.remove(key) }
        let (before, after) = (Set(keys), Set(new.keys))
        let change = new.difference(from: old, limit: 100_000)
        #expect(change?.added == after.subtracting(before).sorted())
        #expect(change?.removed == before.subtracting(after).sorted())
        let size = after.symmetricDifference(before).count
        #expect(new.difference(from: old, limit: size) != nil)
        if size > 0 { #expect(new.difference(from: old, limit: size - 1) == nil) }
    }

    @Test func unrelatedTreesAndCraftedOnesToo() {
        var dice = Dice(4)
        let wide = Vector.lowest(3_000)
        let others = randomKeys(1_500, &dice)
        for (a, b) in [
            (wide, others), (others, wide), (wide, Array(wide.dropFirst(40))), (wide, []),
        ] {
            let (old, new) = (MerkleSearchTree(sorted: a), MerkleSearchTree(sorted: b))
            let change = new.difference(from: old, limit: .max - 100)
            #expect(change?.added == Set(b).subtracting(a).sorted())
            #expect(change?.removed == Set(a).subtracting(b).sorted())
        }
    }
}
