extension Example {
    private static func lines(_ count: Int) -> String {
        String(repeating: "    step()\n", count: count)
    }

    static let ceilings = [
        Example("a file has at most 500 lines", lines(501), finds: [501]),
        Example("a file has at most 500 lines", lines(500), finds: []),
        Example(
            "a function has at most 70 lines", "func long(a: Int = 1)\n    -> Int {\n\(lines(68))}",
            finds: [1]),
        Example(
            "a function has at most 70 lines", "func fits() {\n\(lines(68))}\n\(lines(9))",
            finds: []),
        Example(
            "a function has at most 70 lines",
            "struct S {\n\n    init?(a: Int) {\n\(lines(70))    }\n}",
            finds: [3]),
        Example("a function has at most 70 lines", "struct S {\n\(lines(80))}", finds: []),
        Example(
            "a function has at most 70 lines",
            "protocol P {\n    func f()\n}\nstruct S {\n\(lines(80))}",
            finds: []),
        Example("a line has at most 100 columns", String(repeating: "é", count: 101), finds: [1]),
        Example("a line has at most 100 columns", String(repeating: "é", count: 100), finds: []),
        Example(
            "a line has at most 100 columns", String(repeating: "x", count: 101), at: "docs/A.md",
            finds: []),
    ]
}
