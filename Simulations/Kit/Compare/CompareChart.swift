/// Bytes over differences as a page of its own.
public struct CompareChart {
    private let table: CompareTable

    public init(_ table: CompareTable) { self.table = table }

    public var page: String { "" }
}
