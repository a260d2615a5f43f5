import Core

/// Fingerprints of all keys but the newest 1, 2, 4, 8 ...: the boundaries need no bytes, since
/// they are ranks.
///
/// A *cut* names what both sides surely share by the place of the initiator's boundary: 0 for all
/// of its keys, i for all but its newest 2^(i-1), and one more than the spine has entries for
/// nothing.
enum Spine {
    static let bytes = 3
    static let longest = 20

    /// How many of the newest keys each entry leaves out, of `count`.
    static func suffixes(of count: Int) -> [Int] {
        var suffixes: [Int] = []
        while suffixes.count < longest, 1 << suffixes.count < count {
            suffixes.append(1 << suffixes.count)
        }
        return suffixes
    }

    static func fingerprints(of tree: MerkleSearchTree, _ hash: SessionHash) -> [UInt64] {
        tree.fingerprints(ofFirst: suffixes(of: tree.count).map { tree.count - $0 }).map {
            hash.fingerprint($0, bits: bytes * 8)
        }
    }

    /// How many of the newest of `count` keys `cut` leaves open; nil where there is no such cut.
    static func open(at cut: Int, of count: Int) -> Int? {
        let suffixes = suffixes(of: count)
        switch cut {
        case 0: return 0
        case 1...max(1, suffixes.count) where cut <= suffixes.count: return suffixes[cut - 1]
        case suffixes.count + 1: return count
        default: return nil
        }
    }

    /// The first cut at which `tree` shares what the sender of the spine holds, less 0: that is
    /// for the caller to see.
    static func cut(_ spine: [UInt64], of count: Int, _ tree: MerkleSearchTree, _ hash: SessionHash)
        -> Int
    {
        for (place, suffix) in suffixes(of: count).enumerated() where place < spine.count {
            guard count - suffix <= tree.count else { continue }
            let digest = tree.fingerprint(ofFirst: count - suffix)
            if hash.fingerprint(digest, bits: bytes * 8) == spine[place] { return place + 1 }
        }
        return suffixes(of: count).count + 1
    }
}
