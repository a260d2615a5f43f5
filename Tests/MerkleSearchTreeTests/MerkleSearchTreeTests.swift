import Core
import Testing

@testable import MerkleSearchTree

@Suite(.timeLimit(.minutes(3)))
struct MerkleSearchTreeTests {
    @Test(arguments: 1...20)
    func theRootIsThatOfTheDefinitionInWhateverOrderKeysCome(seed: UInt64) {
        var dice = Dice(seed)
        let keys = randomKeys(Int(dice.next() % 600), &dice, times: seed % 3 == 0 ? 4 : 1 << 40)
        let expected = TreeModel.root(keys)
        #expect(MerkleSearchTree(sorted: keys).root == expected)
        var one = MerkleSearchTree()
        var isNew = true
        for key in keys.shuffled(using: &dice) { isNew = one.insert(key) && isNew }
        #expect(isNew)
        #expect(one.root == expected)
        var many = MerkleSearchTree()
        let added = many.insert(contentsOf: keys.shuffled(using: &dice))
        #expect(added == keys.count)
        #expect(many.root == expected)
        #expect(many.keys == keys)
    }

    @Test(arguments: 1...12)
    func insertionsAndRemovalsFollowAModelSet(seed: UInt64) {
        var dice = Dice(seed)
        let pool = randomKeys(400, &dice, times: seed.isMultiple(of: 2) ? 2 : 1 << 30)
        var tree = MerkleSearchTree()
        var model: Set<EventKey> = []
        for step in 0..<1200 {
            let key = pool[Int(dice.next() % 400)]
            let grows = dice.next() % 1200 > UInt64(step) / 2 + 200
            if grows {
                let (isNew, wasNew) = (tree.insert(key), model.insert(key).inserted)
                #expect(isNew == wasNew)
            } else {
                let (was, had) = (tree.remove(key), model.remove(key) != nil)
                #expect(was == had)
            }
            #expect(tree.count == model.count)
            #expect(tree.contains(key) == model.contains(key))
            if step % 40 == 0 { #expect(tree.root == TreeModel.root(Array(model))) }
        }
        #expect(tree.keys == model.sorted())
        for key in model.sorted() { tree.remove(key) }
        #expect(tree.root == MerkleSearchTree.emptyRoot)
    }

    @Test func aSnapshotDoesNotFollowLaterChanges() {
        var dice = Dice(5)
        let keys = randomKeys(500, &dice)
        var tree = MerkleSearchTree(sorted: keys)
        let (snapshot, root) = (tree, tree.root)
        for key in keys.prefix(250) { tree.remove(key) }
        tree.insert(contentsOf: randomKeys(200, &dice))
        #expect(snapshot.root == root)
        #expect(snapshot.keys == keys)
        #expect(tree != snapshot)
    }

    @Test func rootsAreThoseOfTheFixture() throws {
        let lines = try Fixture.lines("roots")
        var seen = 0
        for line in lines {
            let words = line.split(separator: " ")
            let keys = try #require(Vector.keys(String(words[0])))
            #expect(MerkleSearchTree(sorted: keys).root.hex == words[1], "\(words[0])")
            #expect(TreeModel.root(keys).hex == words[1], "\(words[0])")
            seen += 1
        }
        #expect(seen == Vector.names.count)
    }

    @Test(arguments: 1...15)
    func ranksCountsAndRangesFollowASortedArray(seed: UInt64) {
        var dice = Dice(seed)
        let keys = randomKeys(300, &dice, times: seed % 2 == 0 ? 5 : 1 << 30)
        let tree = MerkleSearchTree(sorted: keys)
        for (rank, key) in keys.enumerated() {
            #expect(tree.rank(of: key) == rank)
            #expect(tree.key(atRank: rank) == key)
        }
        #expect(tree.first == keys.first)
        #expect(tree.last == keys.last)
        for _ in 0..<60 {
            let ends = [randomKey(&dice, times: 1 << 30), keys[Int(dice.next() % 300)]].sorted()
            let range = ends[0]..<ends[1]
            let inside = keys.filter(range.contains)
            #expect(tree.rank(of: ends[0]) == keys.count { $0 < ends[0] })
            #expect(tree.count(in: range) == inside.count)
            #expect(tree.keys(in: range) == inside)
            #expect(tree.fingerprint(of: range) == TreeModel.root(inside))
            #expect(tree.prefix(upTo: ends[1]).root == TreeModel.root(keys.filter { $0 < ends[1] }))
            let count = Int(dice.next() % 301)
            #expect(tree.fingerprint(ofFirst: count) == TreeModel.root(Array(keys.prefix(count))))
            #expect(tree.keys(ranks: count / 2..<count) == Array(keys[(count / 2)..<count]))
        }
    }

    @Test func craftedIdsDoNotMakeAPageWide() {
        let keys = Vector.lowest(10_000)
        var tree = MerkleSearchTree(sorted: keys)
        #expect(tree.top.isFan)
        var most = 0
        for index in 0..<200 {
            var key = keys[index * 49]
            key.id.w3 ^= 1
            let isNew = tree.top.insert(key, height: Int8(MerkleSearchTree.level(of: key)))
            #expect(isNew)
            most = max(most, tree.top.settle())
        }
        // 10,200 keys in fans of 16 over pages of 64: two or three fans and a page, or a page made
        // a fan.
        #expect(most <= 24)
        #expect(tree.root == TreeModel.root(tree.keys))
    }

    @Test func aKeyAboveTheClampStandsOnTheHighestLevel() {
        let key = EventKey(physical: 7, counter: 0, id: .zero)
        #expect(MerkleSearchTree.level(of: key) == MerkleSearchTree.highestLevel)
        var dice = Dice(3)
        var tree = MerkleSearchTree(sorted: randomKeys(200, &dice, times: 14))
        tree.insert(key)
        #expect(tree.root == TreeModel.root(tree.keys))
    }
}
