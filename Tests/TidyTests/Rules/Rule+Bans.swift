/// What no file may contain, because it crashes on input, hides an error or escapes the compiler's
/// checks.
extension Rule {
    /// The classes whose thread safety the compiler can't see, each with its reason.
    private static let uncheckedSendable = [
        "Sources/Discovery/Avahi/AvahiSession.swift":
            "Avahi's own thread calls back; its doc states the lock rule"
    ]

    static let bans = [
        ban("try !", because: "it turns an error into a crash"),
        ban("as !", because: "it turns a wrong type into a crash"),
        ban(
            "fatalError", because: "input must never end the process; for our own bug: precondition"
        ),
        ban("nonisolated ( unsafe )", because: "the compiler no longer sees the race"),
        ban("XCTest", because: "tests are written with Swift Testing"),
        ban(
            "@unchecked Sendable", because: "the compiler no longer sees the race",
            except: { uncheckedSendable[$0.path] != nil }),
        ban(
            "print (", because: "a library reports through its API or the logger",
            except: { $0.isTest || $0.path.hasPrefix("Sources/node/") || isProgram($0) }),
        ban(
            "Task {", because: "tasks are structured; only the composition root starts one",
            except: {
                $0.isTest || $0.path.hasPrefix("Sources/node/") || $0.path.hasPrefix("Fuzz/Driver/")
            }),
        ban(
            "Task . detached", because: "tasks are structured",
            except: { $0.isTest || $0.path.hasPrefix("Sources/node/") }),
        needsReason("try ?", because: "an error that is dropped must say why"),
        needsReason(
            "Task . sleep", because: "tests wait for what they need, not for time", for: \.isTest),
        needsReason(
            "usleep (", because: "tests wait for what they need, not for time", for: \.isTest),
    ]

    private static func isProgram(_ file: SourceFile) -> Bool {
        ["Package.swift"].contains(file.path) || file.path.hasPrefix("Benchmarks/")
    }

    private static func ban(
        _ pattern: String, because reason: String,
        except isExempt: @escaping @Sendable (SourceFile) -> Bool = { _ in false }
    ) -> Rule {
        let tokens = pattern.split(separator: " ").map(String.init)
        let text = tokens.joined(separator: pattern.hasPrefix("@") ? " " : "")
        return Rule("no '\(text)'", for: { $0.isSwift && !isExempt($0) }) { file in
            file.occurrences(of: tokens)
                .filter { !isMemberOrDeclaration($0, in: file) }
                .map { (file.tokens[$0].line, reason) }
        }
    }

    private static func needsReason(
        _ pattern: String, because reason: String,
        for applies: @escaping @Sendable (SourceFile) -> Bool = { _ in true }
    ) -> Rule {
        let tokens = pattern.split(separator: " ").map(String.init)
        let name = "'\(tokens.joined())' has a comment beside or above it that says why"
        return Rule(name, for: { $0.isSwift && applies($0) }) { file in
            file.occurrences(of: tokens)
                .map { file.tokens[$0].line }
                .filter { !file.hasComment(at: $0) }
                .map { ($0, reason) }
        }
    }

    /// `stream.print(…)` and `func print(…)` are someone else's.
    private static func isMemberOrDeclaration(_ index: Int, in file: SourceFile) -> Bool {
        index > 0 && [".", "func"].contains(file.tokens[index - 1].text)
    }
}
