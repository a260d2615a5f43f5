import Core
import Foundation

/// Text fixtures: lines of words, `#` begins a comment.
enum Fixture {
    static func lines(_ name: String) throws -> [String] {
        let url = Bundle.module.bundleURL.appending(path: "Fixtures/\(name).txt")
        return try String(contentsOf: url, encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }
}

/// The key sets that the root vectors name.
enum Vector {
    static let names = [
        "items-0", "items-1", "items-2", "items-16", "items-1000", "same-time-300", "level-0-10000",
        "high-level",
    ]

    static func keys(_ name: String) -> [EventKey]? {
        switch name {
        case "items-0", "items-1", "items-2", "items-16", "items-1000":
            (0..<(Int(name.dropFirst(6)) ?? 0)).map { item($0) }
        case "same-time-300":
            (0..<300).map { EventKey(physical: 5, counter: 9, id: item($0).id) }.sorted()
        case "level-0-10000": lowest(10_000)
        case "high-level":
            ((0..<100).map { item($0) } + [
                EventKey(physical: item(50).physical, counter: 1, id: EventID(words: 0, 0, 0, 1))
            ]).sorted()
        default: nil
        }
    }

    /// Items of the workload whose ids were chosen to begin with another digit than 0.
    static func lowest(_ count: Int) -> [EventKey] {
        var keys: [EventKey] = []
        var index = 0
        while keys.count < count {
            let key = item(index)
            if key.id.w0 >> 60 != 0 { keys.append(key) }
            index += 1
        }
        return keys
    }
}
