extension Example {
    static let bans = [
        Example("no 'try!'", "let a = try! f()", finds: [1]),
        Example("no 'try!'", "// try! hides\nlet a = \"try! \\(try f())\"\ntry f()", finds: []),
        Example("no 'try!'", "let a = \"x \\(try! f()) y\"", finds: [1]),
        Example(
            "no 'try!'", "let a = #\"\\(try! f())\"# + \"\"\"\n\"try! f()\"\n\"\"\"",
            finds: []),
        Example("no 'try!'", "let a = try !isEmpty()", finds: []),
        Example("no 'as!'", "\nlet a = b as! C", finds: [2]),
        Example("no 'as!'", "let a = b as? C\n/* as! /* as! */ as! */", finds: []),
        Example("no 'fatalError'", "fatalError(\"no\")", finds: [1]),
        Example("no 'nonisolated(unsafe)'", "nonisolated(unsafe) var a = 1", finds: [1]),
        Example("no 'nonisolated(unsafe)'", "nonisolated func a() {}", finds: []),
        Example("no 'XCTest'", "import XCTest", at: "Tests/CoreTests/A.swift", finds: [1]),
        Example("no '@unchecked Sendable'", "final class A: @unchecked Sendable {}", finds: [1]),
        Example("no '@unchecked Sendable'", "final class A: Sendable {}", finds: []),
        Example("no 'print('", "func f() {\n    print(1)\n}", finds: [2]),
        Example("no 'print('", "func f() {\n    report.print(1)\n}", finds: []),
        Example("no 'print('", "print(1)", at: "Sources/node/A.swift", finds: []),
        Example(
            "no 'Task{'", "Task {\n    await f()\n}", at: "Sources/Storage/A.swift", finds: [1]),
        Example("no 'Task{'", "group.addTask {}", at: "Sources/Storage/A.swift", finds: []),
        Example(
            "no 'Task.detached'", "Task.detached {}", at: "Sources/Storage/A.swift", finds: [1]),
        Example(silent("try?"), "let a = 1\nlet b = try? f()", finds: [2]),
        Example(silent("try?"), "// Best effort: the file may be gone.\ntry? f()", finds: []),
        Example(silent("try?"), "try? f()  // Gone is fine.", finds: []),
        Example(
            silent("Task.sleep"), "try await Task.sleep(for: .seconds(1))",
            at: "Tests/CoreTests/A.swift", finds: [1]),
        Example(
            silent("Task.sleep"), "// Between two looks.\ntry await Task.sleep(for: .seconds(1))",
            at: "Tests/CoreTests/A.swift", finds: []),
        Example(silent("usleep("), "usleep(1000)", at: "Tests/CoreTests/A.swift", finds: [1]),
    ]

    private static func silent(_ code: String) -> String {
        "'\(code)' has a comment beside or above it that says why"
    }

    static let comments = [
        Example(undone, "let a = 1  // TODO: more", finds: [1]),
        Example(undone, "/* FIXME */", finds: [1]),
        Example(undone, "let a = \"TODO\"  // TODO(#12) more\nlet TODOs = 1", finds: []),
        Example(
            "\(undone) in scripts", "#!/bin/sh\nset -e\n# TODO more", at: "scripts/a", finds: [3]),
        Example("no banner comments", "// -------- Parsing --------", finds: [1]),
        Example("no banner comments", "\n    // MARK: - Parsing", finds: [2]),
        Example("no banner comments", "// a -- b\nlet a = \"// =====\"", finds: []),
    ]

    private static let undone = "no note of work undone"

    static let names = [
        Example("no empty word in the name of a declaration", "struct PeerManager {}", finds: [1]),
        Example("no empty word in the name of a declaration", "func helper() {}", finds: [1]),
        Example("no empty word in the name of a declaration", "enum Utility {}", finds: [1]),
        Example(
            "no empty word in the name of a declaration",
            "extension FileManager {}\nlet a = FileManager.default\nstruct Managed {}", finds: []),
        Example(
            "no empty word in the name of a file or folder", "", at: "Sources/Core/Utils/A.swift",
            finds: [1]),
        Example(
            "no empty word in the name of a file or folder", "",
            at: "Sources/Core/ByteHelper.swift",
            finds: [1]),
        Example(
            "no empty word in the name of a file or folder", "",
            at: "Sources/Core/Models/Event.swift",
            finds: [1]),
        Example(
            "no empty word in the name of a file or folder", "", at: "Sources/Core/Event.swift",
            finds: []),
    ]
}
