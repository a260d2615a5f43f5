import Core
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(1)))
struct EventHeapTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func elementsComeByTimeAndThenByTurn(seed: UInt64) {
        var dice = Dice(seed: seed)
        var heap = EventHeap<Int>()
        var model: [(time: Int64, number: Int)] = []
        for number in 0..<500 {
            let time = Int64(dice.below(40))
            heap.push(number, at: Instant(microseconds: time))
            model.append((time, number))
        }
        model.sort { ($0.time, $0.number) < ($1.time, $1.number) }
        var popped: [Int] = []
        var times: [Int64] = []
        while let time = heap.nextTime, let next = heap.pop() {
            #expect(next.time == time)
            times.append(time.microseconds)
            popped.append(next.element)
        }
        #expect(popped == model.map(\.number))
        #expect(times == model.map(\.time))
        #expect(heap.pop()?.element == nil)
        #expect(heap.isEmpty)
    }

    @Test func pushesBetweenPopsKeepTheOrder() {
        var dice = Dice(seed: 7)
        var heap = EventHeap<Int64>()
        var model: [Int64] = []
        for _ in 0..<2_000 {
            if dice.below(3) > 0 || model.isEmpty {
                let time = Int64(dice.below(1_000_000))
                heap.push(time, at: Instant(microseconds: time))
                model.append(time)
            } else {
                let least = model.min()
                #expect(heap.pop()?.element == least)
                model.remove(at: model.firstIndex(of: least!)!)
            }
        }
        #expect(heap.count == model.count)
    }
}
