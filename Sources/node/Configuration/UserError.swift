/// What went wrong and what to do about it, for whoever typed the command. Exit code 1.
struct UserError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
