import Federation
import Testing

/// What a node dials on a peer's word.
@Suite(.timeLimit(.minutes(1)))
struct AddressTests {
    private func refusal(
        _ text: String, allowed: [String] = [], isSameHost: Bool = false
    ) -> String?? {
        NetworkAddress(text).map { address in
            DialRule.refusal(
                of: address, allowed: allowed.compactMap { AddressRange($0) },
                isSameHost: isSameHost)
        }
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.169.254", "192.0.0.192",
        "100.100.100.200", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
        "::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "fd00:ec2::254",
        "fd20:ce::254", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:169.254.169.254",
        "::127.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "::ffff:0:127.0.0.1",
    ])
    func isNotDialled(_ text: String) { #expect(refusal(text) as? String != nil) }

    @Test(arguments: [
        "1.1.1.1", "10.0.0.1", "172.16.0.1", "192.168.1.7", "100.64.0.1", "223.255.255.255",
        "2001:db8::1", "2a00::1", "fd12:3456::1", "2003::1", "::ffff:10.0.0.1",
    ])
    func isDialled(_ text: String) { #expect(refusal(text) == .some(nil)) }

    @Test(arguments: [
        "", " ", "localhost", "localhost.", "127.1", "127.0.0.1.", "0177.0.0.1", "010.0.0.1",
        "0x7f.0.0.1", "2130706433", "127.0.0.256", "127.0.0.-1", "127.0.0.+1", "1.2.3", "1.2.3.4.5",
        ":", ":::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1.2.3", "::01.2.3.4", "1.2.3.4::", "[::1]", "::1/128", "%eth0", "１.1.1.1",
    ])
    func isNoAddress(_ text: String) { #expect(NetworkAddress(text) == nil, "\(text)") }

    @Test func bothSpellingsOfAnAddressAreOne() {
        #expect(NetworkAddress("127.0.0.1") == NetworkAddress("::ffff:7f00:0001"))
        #expect(NetworkAddress("2001:DB8::") == NetworkAddress("2001:db8:0:0:0:0:0:0"))
        #expect(NetworkAddress("1:2:3:4:5:6:7::") == NetworkAddress("1:2:3:4:5:6:7:0"))
        #expect(NetworkAddress(bytes: [1, 2, 3]) == nil)
        #expect(NetworkAddress(bytes: [10, 0, 0, 1]) == NetworkAddress("10.0.0.1"))
    }

    @Test func loopbackOfThisMachineIsGoodForAPeerOnIt() {
        for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            #expect(refusal(text, isSameHost: true) == .some(nil))
        }
        #expect(refusal("169.254.169.254", isSameHost: true) as? String != nil)
        #expect(refusal("::127.0.0.1", isSameHost: true) as? String != nil)
    }

    @Test func theOperatorsRangesAreExceptions() {
        #expect(refusal("127.0.0.1", allowed: ["127.0.0.0/8"]) == .some(nil))
        #expect(refusal("::ffff:127.0.0.1", allowed: ["127.0.0.1"]) == .some(nil))
        #expect(refusal("128.0.0.1", allowed: ["127.0.0.0/8"]) == .some(nil))
        #expect(refusal("127.0.0.1", allowed: ["10.0.0.0/8"]) as? String != nil)
        #expect(refusal("fe80::1", allowed: ["::/0"]) == .some(nil))
        #expect(refusal("127.0.0.1", allowed: ["0.0.0.0/0"]) == .some(nil))
        #expect(refusal("fe80::1", allowed: ["0.0.0.0/0"]) as? String != nil)
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "/8", "::/129", "fe80::%eth0/64",
        "10.0.0.0/8/8", "ten/8", "10.0.0.0/ 8",
    ])
    func isNoRange(_ text: String) { #expect(AddressRange(text) == nil) }

    /// Compared bit by bit.
    @Test(arguments: 0...128)
    func aRangeOfAnyLengthCoversWhatBeginsAlike(_ length: Int) throws {
        let base: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        let range = try #require(
            AddressRange("2001:db8:102:304:506:708:90a:b0c/\(length)"))
        for bit in 0..<128 {
            var other = base
            other[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            let address = try #require(NetworkAddress(bytes: other))
            #expect(range.contains(address) == (bit >= length), "bit \(bit)")
        }
        #expect(range.contains(try #require(NetworkAddress(bytes: base))))
    }

    @Test(arguments: 0...32)
    func aRangeOfIPv4IsOneOfTheMappedForm(_ length: Int) throws {
        let range = try #require(AddressRange("203.0.113.7/\(length)"))
        for bit in 0..<32 {
            var other: [UInt8] = [203, 0, 113, 7]
            other[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            let address = try #require(NetworkAddress(bytes: other))
            #expect(range.contains(address) == (bit >= length), "bit \(bit)")
        }
        #expect(!range.contains(try #require(NetworkAddress("2001:db8::1"))))
    }
}
