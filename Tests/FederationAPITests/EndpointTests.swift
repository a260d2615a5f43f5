import Testing

@testable import FederationAPI

@Suite(.timeLimit(.minutes(1)))
struct EndpointTests {
    @Test(arguments: [
        ("https://a.example:8443", "a.example", 8443, "https://a.example:8443"),
        ("https://a.example", "a.example", 443, "https://a.example:443"),
        ("HTTPS://127.0.0.1:1/", "127.0.0.1", 1, "https://127.0.0.1:1"),
        ("https://[::1]:65535", "::1", 65535, "https://[::1]:65535"),
        ("https://[fe80::1%25eth0]:9", "fe80::1%eth0", 9, "https://[fe80::1%25eth0]:9"),
        ("https://[fe80::1%eth0]:9", "fe80::1%eth0", 9, "https://[fe80::1%25eth0]:9"),
        ("https://[2001:db8::2]", "2001:db8::2", 443, "https://[2001:db8::2]:443"),
    ])
    func itReadsURLs(_ url: String, _ host: String, _ port: Int, _ canonical: String) throws {
        let endpoint = try #require(Endpoint(url))
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect("\(endpoint)" == canonical)
        #expect(Endpoint(canonical) == endpoint)
    }

    @Test(arguments: [
        "", "a.example:1", "http://a.example:1", "https://", "https://:1", "https://a:0",
        "https://a:65536", "https://a:+1", "https://a:01", "https://a:", "https://a/b",
        "https://a?b", "https://u@a", "https://[::1", "https://[a]:1", "https://[::1]1",
        "https://::1", "https://[fe80::1%]:1", "https://[fe80::1%a b]:1", "https://a b:1",
        "https://[fe80::1\u{0}%eth0]:1", "https://[::1\u{0}]:1", "https://ä.example",
        "https://" + String(repeating: "a", count: 300),
    ])
    func itRefusesEverythingElse(_ url: String) {
        #expect(Endpoint(url) == nil)
    }
}
