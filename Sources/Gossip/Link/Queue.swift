/// First in, first out; amortised O(1) each way.
struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : elements[head] }
    /// Oldest first.
    var all: ArraySlice<Element> { elements[head...] }

    mutating func changeFirst(_ change: (inout Element) -> Void) {
        if !isEmpty { change(&elements[head]) }
    }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer {
            head += 1
            if head >= 64, head * 2 >= elements.count {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }

    mutating func removeAll() {
        elements = []
        head = 0
    }
}
