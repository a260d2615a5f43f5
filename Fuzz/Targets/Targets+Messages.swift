import Core
import Federation

extension FuzzTarget {
    /// Requests, whatever their tags: written again byte for byte, unless a batch held something
    /// that was no event.
    static let request = FuzzTarget(
        name: "request", longest: 16_384, mutations: 4000,
        seeds: { Samples.requests.map { $0.encoded() } },
        body: .plain { input in
            guard let request = attempt({ try Request(decoding: input) }) else { return }
            let again = request.encoded()
            if case .push(let batch) = request, !batch.malformed.isEmpty {
                try checkPlaces(batch)
                try checkRest(Request.push(Batch(batch.events)), again)
            } else {
                try check(again == input, "a request was written otherwise than it was read")
            }
            guard let twin = attempt({ try Request(decoding: again) }) else {
                throw Finding("a request can't be read from what was written")
            }
            try check(twin.encoded() == again, "a request has two encodings")
        })

    private static func checkRest(_ rest: Request, _ bytes: [UInt8]) throws {
        let read = attempt { try Request(decoding: bytes) }
        try check(read == rest, "the readable events of a batch got lost")
    }

    private static func checkPlaces(_ batch: Batch) throws(Finding) {
        try check(batch.count <= Limits.batchEvents, "a batch beyond its limit")
        let places = batch.malformed
        try check(zip(places, places.dropFirst()).allSatisfy { $0 < $1 }, "places do not ascend")
        try check(places.allSatisfy((0..<batch.count).contains), "a place outside of the batch")
    }

    /// Responses. What may read otherwise when written again: codes of a later version, a detail
    /// that is cut, what was no event.
    static let response = FuzzTarget(
        name: "response", longest: 16_384, mutations: 4000,
        seeds: { Samples.responses.map { $0.encoded() } },
        body: .plain { input in
            guard let response = attempt({ try Response(decoding: input) }) else { return }
            let again = response.encoded()
            if try isLossless(response) {
                try check(again == input, "a response was written otherwise than it was read")
            }
            guard let twin = attempt({ try Response(decoding: again) }) else {
                throw Finding("a response can't be read from what was written")
            }
            try check(twin.encoded() == again, "a response has two encodings")
        })

    private static func isLossless(_ response: Response) throws(Finding) -> Bool {
        switch response {
        case .page(let page):
            try checkPlaces(page.events)
            return page.events.malformed.isEmpty
        case .events(let batch):
            try checkPlaces(batch)
            return batch.malformed.isEmpty
        case .outcomes(let outcomes): return !outcomes.contains(.refused(.malformed))
        case .refused(let refusal):
            let length = refusal.detail.unicodeScalars.count
            return refusal.code != .malformed && length <= MessageLimits.detailCharacters
        default: return true
        }
    }
}
