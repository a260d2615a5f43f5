/// One word per thing; a name that says nothing hides a type that does everything.
extension Rule {
    private static let emptyWords: Set<String> = [
        "Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities",
    ]
    private static let emptyFolders: Set<String> = [
        "Models", "Extensions", "Utils", "Utilities", "Helpers", "Misc", "Common",
    ]

    static let names = [
        Rule("no empty word in the name of a declaration", for: \.isSwift) { file in
            file.declarations
                .filter {
                    !words(of: $0.name).isDisjoint(with: emptyWords) && $0.kind != .extension
                }
                .map { ($0.line, $0.name) }
        },
        Rule("no empty word in the name of a file or folder", for: { _ in true }) { file in
            let parts = file.path.split { "/.+".contains($0) }.map(String.init)
            let isEmpty = parts.contains { !words(of: $0).isDisjoint(with: emptyWords) }
            let isKind = !emptyFolders.isDisjoint(with: parts.dropLast())
            return isEmpty || isKind
                ? [(1, "folders are concepts, names say what a thing does")] : []
        },
    ]

    /// "peerManager" is peer and Manager; each word begins with a capital.
    private static func words(of name: String) -> Set<String> {
        var words: [String] = []
        for character in name {
            if character.isUppercase || words.isEmpty { words.append("") }
            words[words.count - 1].append(character)
        }
        return Set(words.map { $0.prefix(1).uppercased() + $0.dropFirst() })
    }
}
