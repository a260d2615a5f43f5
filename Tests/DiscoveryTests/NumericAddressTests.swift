import Core
import Glibc
import Testing

@testable import Discovery

@Suite(.timeLimit(.minutes(1)))
struct NumericAddressTests {
    /// Zero groups are common, so that "::" stands everywhere it can.
    @Test(arguments: 0..<20)
    func textIsWhatTheSystemWrites(seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<200 { checkText(of: address(&dice)) }
    }

    private func address(_ dice: inout Dice) -> [UInt8] {
        (0..<8).flatMap { _ -> [UInt8] in
            let isZero = dice.next() % 2 == 0
            let group = isZero ? 0 : UInt16(truncatingIfNeeded: dice.next() >> (dice.next() % 16))
            return [UInt8(group >> 8), UInt8(group & 255)]
        }
    }

    private func checkText(of bytes: [UInt8]) {
        // The system writes the last 32 bits of mapped and compatible addresses dotted; we refuse
        // those.
        guard bytes[..<10].contains(where: { $0 != 0 }) else { return }
        #expect(NumericAddress(bytes: bytes)?.description == systemText(bytes))
    }

    private func systemText(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: 64)
        let count = socklen_t(text.count)
        _ = unsafe inet_ntop(AF_INET6, bytes, &text, count)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }

    @Test(
        arguments: [
            ([127, 0, 0, 1], 0), ([10, 0, 0, 1], 1), ([169, 254, 3, 4], 3),
            ([192, 168, 255, 255], 1),
        ] as [([UInt8], Int)])
    func ranksOfIPv4(bytes: [UInt8], rank: Int) {
        #expect(NumericAddress(bytes: bytes)?.rank == rank)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "224.0.0.251", "240.0.0.1", "255.255.255.255", "::", "ff02::fb",
        "::ffff:a00:1", "::a00:1",
    ])
    func whereNobodyListensIsNotUnicast(text: String) throws {
        #expect(try !parse(text).isUnicast)
    }

    @Test(arguments: ["10.0.0.1", "127.0.0.1", "::1", "fe80::1", "fd00::1", "2001:db8::1"])
    func whereNodesListenIsUnicast(text: String) throws {
        let address = try parse(text)
        #expect(address.isUnicast)
        #expect(address.description == text)
    }

    @Test func onlyLinkLocalIPv6CarriesItsScope() throws {
        #expect(try parse("fe80::1").text(scope: 7) == "fe80::1%7")
        #expect(try parse("febf::1").text(scope: 7) == "febf::1%7")
        #expect(try parse("fec0::1").text(scope: 7) == "fec0::1")
        #expect(try parse("169.254.1.1").text(scope: 7) == "169.254.1.1")
    }

    @Test func otherCountsOfBytesAreNoAddress() {
        for count in [0, 1, 3, 5, 15, 17] {
            #expect(NumericAddress(bytes: Array(repeating: 1, count: count)) == nil)
        }
    }
}

/// The system's reading of an address, as a model.
func parse(_ text: String) throws -> NumericAddress {
    let isIPv6 = text.contains(":")
    var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
    let result = unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes)
    try #require(result == 1)
    return try #require(NumericAddress(bytes: bytes))
}
