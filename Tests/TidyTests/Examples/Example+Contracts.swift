extension Example {
    static let documentation = [
        Example(documented, "public struct A {}", finds: [1]),
        Example(
            documented, "/// A.\n@frozen public struct A {\n    public var a: Int { 1 }\n}",
            finds: [3]),
        Example(documented, "/// A.\npublic struct A {\n    public let a: Int\n}", finds: []),
        Example(
            documented, "/// A.\npublic struct A {\n    public static let a = 1\n}", finds: [3]),
        Example(
            documented, "/// P.\npublic protocol P {\n    func f()\n    var g: Int { get }\n}",
            finds: [3, 4]),
        Example(
            documented, "/// A.\npublic struct A {\n    public init?(a: Int) {}\n}", finds: [3]),
        Example(
            documented, "/// A.\npublic struct A {\n    public init(a: Int) throws {}\n}",
            finds: [3]),
        Example(documented, "\n// Not the contract.\npublic func f() {}", finds: [3]),
        Example(
            documented, "/// A.\n@available(macOS 15, *)\n@discardableResult\npublic func f() {}",
            finds: []),
        Example(
            documented, "func f() {}\npublic extension A {\n    private func g() {}\n}", finds: []),
        Example(
            documented,
            """
            /// A.
            public struct A: Hashable, P {
                public init(a: Int?) { self.a = a }
                public static func < (a: A, b: A) -> Bool { true }
                public func hash(into hasher: inout Hasher) {}
                public func f() {}
            }
            /// P.
            public protocol P {
                /// F.
                func f()
            }
            """, finds: []),
    ]

    private static let documented = "every public declaration has a doc comment"

    static let tests = [
        Example(
            "every test file has an expectation", "@Test func f() {}", at: testPath, finds: [1]),
        Example(
            "every test file has an expectation", "struct NoTest {}", at: testPath, finds: []),
        Example(
            "every test has an expectation",
            "@Test func f() { #expect(a) }\n@Test(arguments: [1, 2]) func g(_ a: Int) { h() }",
            at: testPath, finds: [2]),
        Example(
            "every test has an expectation",
            """
            @Test func f() throws { try g() }
            func g() throws { try h(1) }
            func h(_ a: Int) throws { _ = try #require(a) }
            @Test func i() async { await confirmation { $0() } }
            """, at: testPath, finds: []),
        Example(
            "every suite has a time limit",
            """
            @Suite struct A {
                @Test func f() {}
            }
            @Suite(.timeLimit(.minutes(1))) struct B {
                @Test func f() {}
            }
            @Test func g() {}
            """, at: testPath, finds: [2, 7]),
        Example(
            "every suite has a time limit",
            """
            @Suite("A", .timeLimit(.minutes(1)), .serialized)
            struct A {
                struct Inner { @Test func f() {} }
            }
            extension A {
                @Test func g() {}
            }
            @Test(.timeLimit(.minutes(2))) func h() {}
            """, at: testPath, finds: []),
    ]

    private static let testPath = "Tests/CoreTests/A.swift"

    static let scripts = [
        Example(
            "a script stops when a command fails", "#!/bin/bash\ncd a\n", at: "scripts/a",
            finds: [1]),
        Example(
            "a script stops when a command fails", "#!/bin/bash\n# Why.\nset -euo pipefail\n",
            at: "scripts/a", finds: []),
        Example(
            "a script can be run", "#!/bin/sh\nset -e\n", at: ".ci/run", finds: [1],
            isExecutable: false),
        Example("a script can be run", "#!/bin/sh\nset -e\n", at: ".ci/run", finds: []),
    ]

    static let texts = [
        Example(machine, "Notes are in /wo" + "rk/notes.", at: "docs/A.md", finds: [1]),
        Example(machine, "\nlet a = \"/ho" + "me/me\"", finds: [2]),
        Example(
            machine, "See https://example.org/wo" + "rk/ and ~/ho" + "me/x", at: "docs/A.md",
            finds: []),
        Example(
            "links between documents lead somewhere", "[a](A.md) [b](../A.md)", at: "docs/A.md",
            finds: [1]),
        Example(
            "links between documents lead somewhere",
            "[a](A.md#b) [b](../docs/A.md) [c](#d) [e](https://example.org) [f](../docs)",
            at: "docs/A.md", finds: []),
        Example(
            "every code of a refusal stands in docs/PROTOCOL",
            "enum A: String {\n    case busy\n    case tooOld = \"too-old\"\n    // case c\n}",
            at: "Sources/Federation/Messages/Refusal.swift", finds: [2, 3]),
        Example(
            "the README has at most 200 lines", String(repeating: "\n", count: 201),
            at: "README.md",
            finds: [201]),
    ]

    private static let machine = "no file names a folder of someone's machine"
}
