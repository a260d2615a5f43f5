import Core

/// A priority queue of what is to happen, earliest first; of two at the same instant the one that
/// was put in first.
///
/// The second rule makes the order total, so that one seed gives one trace. Binary heap: O(log n)
/// each way.
struct EventHeap<Element: Sendable>: Sendable {
    private struct Item: Sendable {
        var time: Instant
        var number: UInt64
        var element: Element

        func precedes(_ other: Item) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var items: [Item] = []
    private var nextNumber: UInt64 = 0

    var count: Int { items.count }
    var isEmpty: Bool { items.isEmpty }

    /// When the next element is due; nil where there is none.
    var nextTime: Instant? { items.first?.time }

    mutating func push(_ element: Element, at time: Instant) {
        items.append(Item(time: time, number: nextNumber, element: element))
        nextNumber += 1
        siftUp(items.count - 1)
    }

    /// Takes the earliest element out; nil where there is none.
    mutating func pop() -> (time: Instant, element: Element)? {
        guard let last = items.popLast() else { return nil }
        guard let first = items.first else { return (last.time, last.element) }
        items[0] = last
        siftDown(0)
        return (first.time, first.element)
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard items[place].precedes(items[parent]) else { return }
            items.swapAt(place, parent)
            place = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < items.count && items[child].precedes(items[least]) {
                least = child
            }
            if least == place { return }
            items.swapAt(place, least)
            place = least
        }
    }
}
