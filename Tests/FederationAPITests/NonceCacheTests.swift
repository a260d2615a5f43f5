import Core
import Testing

@testable import FederationAPI

@Suite(.timeLimit(.minutes(1)))
struct NonceCacheTests {
    let start = ContinuousClock.now

    func nonce(_ number: Int) -> Nonce { Nonce(instance: 1, serial: UInt64(number)) }

    @Test func aNonceIsTakenOnceForTwoMinutes() {
        var cache = NonceCache()
        let (a, b) = (SecretKey.test(1).node, SecretKey.test(2).node)
        #expect(cache.insert(nonce(1), of: a, isPeer: true, at: start) == .fresh)
        #expect(cache.insert(nonce(1), of: a, isPeer: true, at: start) == .seen)
        #expect(cache.insert(nonce(1), of: b, isPeer: true, at: start) == .fresh)
        #expect(
            cache.insert(nonce(2), of: a, isPeer: true, at: start + .seconds(119)) == .fresh)
        for seconds in [119, 121, 200, 238] {
            let time = start + .seconds(seconds)
            #expect(cache.contains(nonce(2), of: a, at: time), "\(seconds)")
            #expect(cache.insert(nonce(2), of: a, isPeer: true, at: time) == .seen, "\(seconds)")
        }
        #expect(!cache.contains(nonce(2), of: a, at: start + .seconds(500)))
        #expect(
            cache.insert(nonce(1), of: a, isPeer: true, at: start + .seconds(500)) == .fresh)
    }

    @Test func anotherInstanceIsAnotherNonce() {
        var cache = NonceCache()
        let node = SecretKey.test(1).node
        let twin = Nonce(instance: 2, serial: 1)
        #expect(cache.insert(nonce(1), of: node, isPeer: true, at: start) == .fresh)
        #expect(!cache.contains(twin, of: node, at: start))
        #expect(cache.insert(twin, of: node, isPeer: true, at: start) == .fresh)
    }

    @Test func aFullCacheSaysSoAndEmptiesAgain() {
        var cache = NonceCache(perPeer: 3)
        let node = SecretKey.test(1).node
        for number in 0..<3 {
            #expect(cache.insert(nonce(number), of: node, isPeer: true, at: start) == .fresh)
        }
        #expect(cache.insert(nonce(9), of: node, isPeer: true, at: start) == .full)
        #expect(cache.insert(nonce(0), of: node, isPeer: true, at: start) == .seen)
        #expect(
            cache.insert(nonce(9), of: node, isPeer: true, at: start + .seconds(300)) == .fresh)
    }

    @Test func whoIsNoPeerHasLessRoomAndKeepsWhatItHadWhenItBecomesOne() {
        var cache = NonceCache(perPeer: 10, perStranger: 2)
        let node = SecretKey.test(1).node
        for number in 0..<2 {
            #expect(cache.insert(nonce(number), of: node, isPeer: false, at: start) == .fresh)
        }
        #expect(cache.insert(nonce(2), of: node, isPeer: false, at: start) == .full)
        #expect(cache.insert(nonce(1), of: node, isPeer: true, at: start) == .seen)
        #expect(cache.insert(nonce(2), of: node, isPeer: true, at: start) == .fresh)
    }

    @Test func onlySoManyStrangersAreRememberedAndPeersDoNotCount() {
        var cache = NonceCache(strangers: 3)
        func insert(_ number: UInt8, isPeer: Bool, after seconds: Int = 0) -> NonceCache.Outcome {
            cache.insert(
                nonce(seconds), of: SecretKey.test(number).node, isPeer: isPeer,
                at: start + .seconds(seconds))
        }
        for number: UInt8 in 1...20 { #expect(insert(number, isPeer: true) == .fresh) }
        for number: UInt8 in 21...23 { #expect(insert(number, isPeer: false) == .fresh) }
        #expect(insert(24, isPeer: false) == .full)
        #expect(insert(25, isPeer: true) == .fresh)
        #expect(cache.count == 24)
        // One that becomes a peer makes room for another.
        #expect(insert(21, isPeer: true, after: 1) == .fresh)
        #expect(insert(24, isPeer: false, after: 1) == .fresh)
        #expect(insert(26, isPeer: false, after: 1) == .full)
        // Silent ones are forgotten.
        #expect(insert(26, isPeer: false, after: 300) == .fresh)
        #expect(cache.count == 1)
    }
}
