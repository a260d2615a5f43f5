import Core
import Testing

@testable import FederationAPI

@Suite(.timeLimit(.minutes(1)))
struct RouteTests {
    let cursor = Cursor(log: Sample.log, position: 5)
    let node = SecretKey.test(1).node

    @Test func everyRequestFindsItsRoute() throws {
        let since = "?since=" + cursor.text
        let routes: [(String, String, Route)] = [
            ("POST", "register", .register), ("GET", "identity", .identity),
            ("POST", "events", .push), ("GET", "events", .pull(since: nil)),
            ("GET", "events" + since, .pull(since: cursor)),
            ("GET", "stream" + since, .stream(since: cursor)), ("GET", "status", .status),
            ("GET", "peers", .ownRecord), ("DELETE", "peers/" + node.hex, .leave(node)),
            ("POST", "reconcile", .reconcile), ("POST", "bodies", .bodies),
        ]
        for (method, path, route) in routes {
            #expect(try Route(method: method, target: "/api/federation/" + path) == route)
        }
    }

    @Test func lastEventIDWinsOverTheQuery() throws {
        let later = Cursor(log: Sample.log, position: 9)
        let target = "/api/federation/stream?since=" + cursor.text
        let route = try Route(method: "GET", target: target, lastEventID: later.text)
        #expect(route == .stream(since: later))
    }

    @Test(arguments: [
        ("GET", "/"), ("GET", ""), ("GET", "*"), ("GET", "/api/federation"),
        ("GET", "/api/federation/"), ("GET", "/api/federation/x"),
        ("GET", "/api/federation/status/"), ("GET", "/api/federation//status"),
        ("GET", "/api/federation/%73tatus"), ("GET", "/api/federation/../status"),
        ("DELETE", "/api/federation/peers/"), ("DELETE", "/api/federation/peers/xyz"),
    ])
    func otherTargetsAreNotFound(_ method: String, _ target: String) {
        #expect(throws: Route.Problem.notFound) { try Route(method: method, target: target) }
    }

    @Test func otherMethodsAreNamed() {
        #expect(throws: Route.Problem.methodNotAllowed("GET, POST")) {
            try Route(method: "PUT", target: "/api/federation/events")
        }
        #expect(throws: Route.Problem.methodNotAllowed("POST")) {
            try Route(method: "GET", target: "/api/federation/register")
        }
    }

    @Test(arguments: ["since=", "since=1", "since=a&since=b", "x=1", "since", "since=%30", "="])
    func otherQueriesAreRefused(_ query: String) {
        #expect(throws: Route.Problem.badQuery) {
            try Route(method: "GET", target: "/api/federation/events?" + query)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct StreamParserTests {
    let text = ": hello\n\nid: a.1\nevent: page\ndata: xyz\n\n: ping\n\ndata:2\r\n\r\n"

    @Test func piecesOfAnySizeGiveTheSameEvents() throws {
        for size in 1...text.utf8.count {
            var parser = StreamParser(lineBytes: 100)
            var frames: [StreamParser.Frame] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                frames += try parser.feed(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(
                frames == [
                    .init(event: "page", id: "a.1", data: "xyz"), .init(event: "", data: "2"),
                ])
        }
    }

    @Test func anEndlessLineIsRefused() throws {
        var parser = StreamParser(lineBytes: 100)
        #expect(try parser.feed(Array(repeating: 65, count: 100)) == [])
        #expect(throws: StreamParser.Problem.self) { try parser.feed([65]) }
    }

    @Test func manyDataLinesAreRefused() {
        var parser = StreamParser(lineBytes: 100)
        #expect(throws: StreamParser.Problem.self) {
            try parser.feed(Array("data: 1\ndata: 2\n".utf8))
        }
    }
}
