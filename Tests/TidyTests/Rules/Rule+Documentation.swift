/// A public declaration is a contract, so it is written down: what it is, units, errors, source.
extension Rule {
    static let documentation = [
        Rule("every public declaration has a doc comment") { tree in
            let requirements = requirements(in: tree)
            return tree.swiftFiles.filter { !$0.isTest }.flatMap { file in
                file.declarations
                    .filter { isPublic($0, in: file) && !isDocumented($0, in: file) }
                    .filter { !isDocumentedElsewhere($0, in: file, requirements: requirements) }
                    .map {
                        Finding(path: file.path, line: $0.line, detail: "\($0.kind) \($0.name)")
                    }
            }
        }
    ]

    /// What the standard library and the packages ask of a conforming type; the contract is theirs.
    private static let witnesses: Set<String> = [
        "hash", "description", "debugDescription", "errorDescription", "next", "makeIterator",
        "makeAsyncIterator", "startIndex", "endIndex", "index", "encode", "rawValue", "id", "run",
        "configuration", "databaseTableName", "Element", "Failure", "count", "isEmpty", "zero",
    ]

    /// Names that the project's own protocols ask for; the doc stands at the protocol.
    private static func requirements(in tree: SourceTree) -> Set<String> {
        let names = tree.swiftFiles.flatMap { file in
            file.declarations.filter { parent(of: $0, in: file)?.kind == .protocol }.map(\.name)
        }
        return Set(names)
    }

    private static func isPublic(_ declaration: Declaration, in file: SourceFile) -> Bool {
        if declaration.prefix.contains(where: ["public", "open"].contains) {
            return declaration.kind != .extension
        }
        guard let parent = parent(of: declaration, in: file) else { return false }
        let isHidden = declaration.prefix.contains {
            ["private", "fileprivate", "internal", "package"].contains($0)
        }
        return [.protocol, .extension].contains(parent.kind) && parent.prefix.contains("public")
            && !isHidden
    }

    /// Operators, plain initializers and stored properties say no more than the type's doc and
    /// their own names do; an initializer that can fail says when.
    private static func isDocumentedElsewhere(
        _ declaration: Declaration, in file: SourceFile, requirements: Set<String>
    ) -> Bool {
        if parent(of: declaration, in: file)?.kind == .protocol { return false }
        let isWitness =
            witnesses.contains(declaration.name) || requirements.contains(declaration.name)
        return switch declaration.kind {
        case .`init`:
            declaration.signature.first != "?" && !declaration.signature.contains("throws")
        case .func: isWitness || !(declaration.name.first?.isLetter ?? true)
        case .var, .let: isWitness || isStored(declaration) && declaration.parent != nil
        case .subscript, .typealias: isWitness
        default: false
        }
    }

    /// Static members stand for themselves, so they are no part of the type's doc.
    private static func isStored(_ declaration: Declaration) -> Bool {
        declaration.body == nil && !declaration.prefix.contains("static")
    }

    private static func isDocumented(_ declaration: Declaration, in file: SourceFile) -> Bool {
        let above = declaration.firstLine - 1
        guard file.commentLines.indices.contains(above - 1) else { return false }
        let comment = file.commentLines[above - 1].drop { $0 == " " }
        return comment.hasPrefix("///") || comment.hasSuffix("*/")
    }

    private static func parent(of declaration: Declaration, in file: SourceFile) -> Declaration? {
        declaration.parent.map { file.declarations[$0] }
    }
}
