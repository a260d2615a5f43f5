/// What `body` returns, or nil where it throws: for tests that ask only whether something is
/// refused.
func attempt<Value>(_ body: () throws -> Value) -> Value? {
    do { return try body() } catch { return nil }
}
