/// A declaration in a Swift file: its place, its modifiers and where its braces are.
struct Declaration {
    enum Kind: String {
        case `func`, `init`, `deinit`, `subscript`, `var`, `let`
        case `struct`, `class`, `enum`, actor, `protocol`, `extension`, `typealias`,
            `associatedtype`

        var isType: Bool {
            switch self {
            case .struct, .class, .enum, .actor, .protocol, .extension: true
            default: false
            }
        }

        var hasCode: Bool {
            switch self {
            case .func, .`init`, .deinit, .subscript, .var: true
            default: false
            }
        }
    }

    var kind: Kind
    /// "init" for initializers; with its dots for an extension.
    var name: String
    /// The line of the first attribute or modifier.
    var firstLine: Int
    /// The line of the name.
    var line: Int
    /// The line of the closing brace; `line` where there is none.
    var lastLine: Int
    /// Attributes (with their arguments) and modifiers, as tokens.
    var prefix: [String]
    /// What stands between name and body.
    var signature: [String]
    /// The tokens between the braces.
    var body: Range<Int>?
    /// Index of the innermost declaration around this one.
    var parent: Int?

    var lineCount: Int { lastLine - firstLine + 1 }
}
