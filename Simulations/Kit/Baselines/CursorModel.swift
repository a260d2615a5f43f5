import Core
import MerkleSearchTree

/// Each side asks for what is new in the other's log since it last looked.
///
/// Counted, not run: a request names a log (16 bytes) and a place in it (8), the answer where to go
/// on (24), each with a byte of kind, both ways. It needs the place from last time, and no event
/// since may have come another way; nothing is proven.
enum CursorModel {
    static let bytes = 2 * (1 + 24 + 1 + 24)

    static func result(_ pair: ComparePair) -> CompareReport.Result {
        var result = CompareReport.Result(method: .cursor)
        result.bytes = bytes
        (result.roundTrips, result.roundTripsInAll) = (1, 1)
        result.isExact = true
        return result
    }
}
