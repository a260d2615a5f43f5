import Core

/// A priority queue of what is to happen, earliest first; of two at the same instant the one that
/// was put in first.
///
/// The second rule makes the order total, so that one seed gives one trace. Binary heap: O(log n)
/// each way. What is ordered are three words; the elements themselves stay where they were put.
struct EventHeap<Element: Sendable>: Sendable {
    private struct Item: BitwiseCopyable {
        var time: Int64
        var number: UInt64
        /// Where the element is.
        var slot: Int

        func precedes(_ other: Item) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var items: [Item] = []
    private var elements: [Element?] = []
    /// Places of `elements` that are free.
    private var free: [Int] = []
    private var nextNumber: UInt64 = 0

    var count: Int { items.count }
    var isEmpty: Bool { items.isEmpty }

    /// When the next element is due; nil where there is none.
    var nextTime: Instant? { items.first.map { Instant(microseconds: $0.time) } }

    mutating func push(_ element: consuming Element, at time: Instant) {
        let slot: Int
        if let last = free.popLast() {
            slot = last
            elements[slot] = element
        } else {
            slot = elements.count
            elements.append(element)
        }
        let item = Item(time: time.microseconds, number: nextNumber, slot: slot)
        nextNumber += 1
        items.append(item)
        siftUp(item, from: items.count - 1)
    }

    /// Takes the earliest element out; nil where there is none.
    mutating func pop() -> (time: Instant, element: Element)? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        if !items.isEmpty { siftDown(last) }
        guard let element = elements[first.slot].take() else { return nil }
        free.append(first.slot)
        return (Instant(microseconds: first.time), element)
    }

    private mutating func siftUp(_ item: Item, from start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard item.precedes(items[parent]) else { break }
            items[place] = items[parent]
            place = parent
        }
        items[place] = item
    }

    /// Puts an item in at the top and lets it sink.
    private mutating func siftDown(_ item: Item) {
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].precedes(items[child]) { child += 1 }
            guard items[child].precedes(item) else { break }
            items[place] = items[child]
            place = child
        }
        items[place] = item
    }
}
