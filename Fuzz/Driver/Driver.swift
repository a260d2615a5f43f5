import CFuzzer
import Foundation
import FuzzTargets
import Synchronization

/// Joins one target to libFuzzer.
///
/// `FUZZ_TARGET` names the target; its seeds are written to the folder `FUZZ_SEEDS` before the
/// first input is read from there. Everything else is libFuzzer's: its options and the folders on
/// the command line.
private enum Driver {
    static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            let names = FuzzTarget.all.map(\.name).joined(separator: " ")
            stop("FUZZ_TARGET is '\(name)', not one of: \(names)", code: 2)
        }
        return target
    }()

    static func writeSeeds() {
        guard let folder = ProcessInfo.processInfo.environment["FUZZ_SEEDS"] else { return }
        do {
            for (place, seed) in target.seeds().enumerated() {
                let file = URL(fileURLWithPath: folder).appendingPathComponent("seed-\(place)")
                try Data(seed).write(to: file)
            }
        } catch {
            stop("the seeds can't be written to \(folder): \(error)", code: 2)
        }
    }

    static func run(_ input: [UInt8]) {
        do {
            switch target.body {
            case .plain(let body): try body(input)
            case .waiting(let body):
                let done = DispatchSemaphore(value: 0)
                let finding = Mutex<(any Error)?>(nil)
                Task {
                    do {
                        try await body(input)
                    } catch {
                        finding.withLock { $0 = error }
                    }
                    done.signal()
                }
                done.wait()
                if let error = finding.withLock({ $0 }) { throw error }
            }
        } catch {
            say("FINDING \(target.name): \(error)")
            // libFuzzer keeps the input of whatever aborts.
            abort()
        }
    }

    static func stop(_ why: String, code: Int32) -> Never {
        say(why)
        exit(code)
    }

    private static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// Called once, before libFuzzer reads its corpus.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> Int32 {
    Driver.writeSeeds()
    return 0
}

/// Called for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    unsafe Driver.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// The program's `main`, by the name that the package manager gives it.
@_cdecl("federate_fuzz_main")
public func start(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    var count = count
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe arguments
    return unsafe LLVMFuzzerRunDriver(&count, &arguments) { unsafe testOneInput($0, $1) }
}
